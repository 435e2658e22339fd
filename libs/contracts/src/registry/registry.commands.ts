import type { AnyCommand } from '@torch/kernel';
import { contractsOf } from '../contract';
import { DURABILITIES, type Durability } from '../durability';
import { AtMs, Id, Labels, Name, OneOf, Optional, Skills, Text, Whole } from '../field';
import { conflictCommands, type ConflictCommand } from './conflicts.contracts';
import { contextCommands, type ContextCommand } from './context.contracts';
import { AGENT_PAUSES, type AgentPause } from './registry.events';

export class CreateProject {}

export class SetProjectDurability {
  @OneOf(DURABILITIES) durability!: Durability;
}

/** Idempotent by agent and instance; another instance takes the id over from the one before. */
export class RegisterAgent {
  @Id() agentId!: string;
  @Optional() @Text({ min: 1, max: 128 }) name?: string;
  @Name() role!: string;
  @Skills({ max: 64 }) skills!: string[];
  @Optional() @Whole({ min: 1, max: 1000 }) capacity?: number;
  @Name() harness!: string;
  @Id() instance!: string;
  @Optional() @Text({ min: 1, max: 255 }) node?: string;
  @Optional() @Whole({ min: 1 }) pid?: number;
  @Optional() @Labels() labels?: Record<string, string>;
  @Optional() @Text({ min: 1, max: 128 }) model?: string;
  @Optional() @Text({ min: 1, max: 64 }) version?: string;
}

/** Changes what an agent can do, while it works. Absent fields stay as they are. */
export class UpdateAgent {
  @Id() agentId!: string;
  @Optional() @Skills({ max: 64 }) skills?: string[];
  @Optional() @Labels() labels?: Record<string, string>;
  @Optional() @Whole({ min: 1, max: 1000 }) capacity?: number;
  @Optional() @Text({ min: 1, max: 128 }) model?: string;
}

/** Draining already, it changes nothing. */
export class DrainAgent {
  @Id() agentId!: string;
  @Text({ max: 1000 }) reason!: string;
}

/** The agent cannot go on for now; without `pause` it can again. */
export class PauseAgent {
  @Id() agentId!: string;
  @Id() instance!: string;
  @Optional() @OneOf(AGENT_PAUSES) pause?: AgentPause;
  @Optional() @AtMs() untilMs?: number;
}

export class DeregisterAgent {
  @Id() agentId!: string;
  @Text({ max: 1000 }) reason!: string;
}

/** From the registry's own watch over heartbeats. */
export class SuspectAgent {
  @Id() agentId!: string;
  @Id() instance!: string;
  @AtMs() lastSeenAtMs!: number;
}

/** From the registry's own watch over heartbeats, or from a node that saw the process end. */
export class LoseAgent {
  @Id() agentId!: string;
  @Optional() @Id() instance?: string;
  @Text({ max: 1000 }) reason!: string;
  @AtMs() lastSeenAtMs!: number;
}

export class RecoverAgent {
  @Id() agentId!: string;
  @Id() instance!: string;
}

const { command } = contractsOf('registry');

export const registryCommands = [
  command('CreateProject', CreateProject),
  command('RegisterAgent', RegisterAgent),
  command('DeregisterAgent', DeregisterAgent),
  command('SuspectAgent', SuspectAgent),
  command('LoseAgent', LoseAgent),
  command('RecoverAgent', RecoverAgent),
  command('SetProjectDurability', SetProjectDurability),
  command('UpdateAgent', UpdateAgent),
  command('DrainAgent', DrainAgent),
  command('PauseAgent', PauseAgent),
  ...contextCommands,
  ...conflictCommands,
] as const;

export type RegistryCommand =
  | AnyCommand<'CreateProject', CreateProject>
  | AnyCommand<'SetProjectDurability', SetProjectDurability>
  | AnyCommand<'RegisterAgent', RegisterAgent>
  | AnyCommand<'DeregisterAgent', DeregisterAgent>
  | AnyCommand<'SuspectAgent', SuspectAgent>
  | AnyCommand<'LoseAgent', LoseAgent>
  | AnyCommand<'RecoverAgent', RecoverAgent>
  | AnyCommand<'UpdateAgent', UpdateAgent>
  | AnyCommand<'DrainAgent', DrainAgent>
  | AnyCommand<'PauseAgent', PauseAgent>
  | ContextCommand
  | ConflictCommand;
