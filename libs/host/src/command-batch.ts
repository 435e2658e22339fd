import {
  commandContract,
  fieldProblem,
  hostCommandContract,
  ID_PATTERN,
  PROJECT_PATTERN,
  secretProblems,
  type ServiceName,
} from '@torch/contracts';
import { Rejection } from '@torch/kernel';
import type { CommandEntry } from '@torch/log';
import type { CommandEnvelope } from './envelope';
import type { HostLogger } from './host.ports';
import type { Decision } from './service';

interface QueuedCommand {
  readonly command: CommandEnvelope;
  /** Set for a command that no decider should see: it is answered with this. */
  readonly handle?: () => Decision;
}

/** Reads one entry of a command queue. What is no list of commands is passed over and logged: nobody can be answered. */
export function readCommands(entry: CommandEntry, service: ServiceName, log: HostLogger): readonly QueuedCommand[] {
  let commands: unknown;
  try {
    commands = JSON.parse(entry.body);
  } catch {
    commands = undefined;
  }
  if (!Array.isArray(commands) || !commands.every(isEnvelope)) {
    log.error(`Entry ${entry.id} of the command queue of ${service} is no list of commands; it is passed over.`);
    return [];
  }
  return commands.map((command) => {
    const rejection = invalid(command, service);
    return rejection ? { command, handle: () => ({ rejection }) } : { command };
  });
}

function isEnvelope(value: unknown): value is CommandEnvelope {
  if (value === null || typeof value !== 'object') return false;
  const { id, type, project, actor, correlationId } = value as Record<string, unknown>;
  return (
    [id, type, project, actor, correlationId].every((field) => typeof field === 'string' && field !== '') && (id as string).length <= 256
  );
}

function invalid(command: CommandEnvelope, service: ServiceName): Rejection | undefined {
  const contract = commandContract(command.type) ?? hostCommandContract(command.type, service);
  if (contract?.service !== service) return new Rejection('unknown-command', `${service} knows no command "${command.type}".`);
  if (!PROJECT_PATTERN.test(command.project)) return new Rejection('invalid-command', `"${command.project}" is not a project name.`);
  if (!ID_PATTERN.test(command.correlationId))
    return new Rejection('invalid-command', `"${command.correlationId}" is not a correlation id.`);
  const problem = fieldProblem(contract.data, command.data);
  if (problem) return new Rejection('invalid-command', `${command.type}: ${problem.message}`);
  const [secret] = secretProblems(contract.data, command.data);
  return secret && new Rejection('secret-in-field', `${command.type}: ${secret.message}`);
}
