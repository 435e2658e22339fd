import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { STOP_GRACE_MS_DEFAULT } from '@torch/agent';
import { EnvironmentInvalid, EnvironmentReader } from '@torch/platform';

/** Every limit of the spawner's runtime. Times in milliseconds. */
export interface SpawnerConfig {
  /** Program and first arguments of the torch command, to which `agent run …` is added. */
  readonly agentCommand: readonly string[];
  /** Between two looks at the processes; within it an end is noticed. */
  readonly lookEveryMs: number;
  /** Between two looks at memory, and at log sizes and orphans. */
  readonly memoryEveryMs: number;
  readonly sweepEveryMs: number;
  /** Between two times that the registry is told which agents have a running process. */
  readonly evidenceEveryMs: number;
  /** For a new process to note itself down. */
  readonly startMs: number;
  /** A request that its effect has not started by then is started by the next look. */
  readonly overdueMs: number;
  /** Between SIGTERM and SIGKILL. */
  readonly stopGraceMs: number;
  /** Of one agent's log file; then it is moved aside, and the one before it goes. */
  readonly logBytesMax: number;
  /** Folders of ended agents that are kept, the newest of them. */
  readonly endedKeptMax: number;
}

export const SPAWNER_CONFIG = Symbol('SPAWNER_CONFIG');

export const SPAWNER_DEFAULTS: Omit<SpawnerConfig, 'agentCommand'> = {
  lookEveryMs: 500,
  memoryEveryMs: 1000,
  sweepEveryMs: 5000,
  evidenceEveryMs: 5000,
  startMs: 5000,
  overdueMs: 5000,
  stopGraceMs: STOP_GRACE_MS_DEFAULT,
  logBytesMax: 10 * 1024 * 1024,
  endedKeptMax: 200,
};

/** @throws EnvironmentInvalid naming every variable whose value does not fit. */
export function readSpawnerConfig(variables: NodeJS.ProcessEnv, main = process.argv[1]): SpawnerConfig {
  const read = new EnvironmentReader(variables);
  const whole = (name: keyof typeof SPAWNER_DEFAULTS, variable: string, min: number, max: number): number =>
    read.whole(`TORCH_SPAWNER_${variable}`, { min, max }) ?? SPAWNER_DEFAULTS[name];
  const config: SpawnerConfig = {
    agentCommand: agentCommand(read, main),
    lookEveryMs: whole('lookEveryMs', 'LOOK_EVERY_MS', 10, 60_000),
    memoryEveryMs: whole('memoryEveryMs', 'MEMORY_EVERY_MS', 10, 60_000),
    sweepEveryMs: whole('sweepEveryMs', 'SWEEP_EVERY_MS', 10, 3_600_000),
    evidenceEveryMs: whole('evidenceEveryMs', 'EVIDENCE_EVERY_MS', 10, 60_000),
    startMs: whole('startMs', 'START_MS', 100, 600_000),
    overdueMs: whole('overdueMs', 'OVERDUE_MS', 100, 600_000),
    stopGraceMs: whole('stopGraceMs', 'STOP_GRACE_MS', 0, 600_000),
    logBytesMax: whole('logBytesMax', 'LOG_BYTES_MAX', 1024, 1024 ** 3),
    endedKeptMax: whole('endedKeptMax', 'ENDED_KEPT_MAX', 0, 1_000_000),
  };
  if (read.problems.length > 0) throw new EnvironmentInvalid(read.problems);
  return config;
}

/** `TORCH_AGENT_COMMAND`, a JSON list; without it the torch command that is deployed beside this service. */
function agentCommand(read: EnvironmentReader, main: string | undefined): readonly string[] {
  const text = read.text('TORCH_AGENT_COMMAND');
  if (text === undefined) {
    const beside = resolve(join(dirname(main ?? ''), '../cli/main.js'));
    if (!existsSync(beside))
      read.problems.push(
        `TORCH_AGENT_COMMAND is not set, and there is no ${beside}; it takes a value such as ["node","/opt/torch/cli/main.js"].`,
      );
    return [process.execPath, beside];
  }
  const parts = parsedList(text);
  if (!parts)
    read.problems.push(`TORCH_AGENT_COMMAND is ${text}; it takes a JSON list of texts such as ["node","/opt/torch/cli/main.js"].`);
  return parts ?? [];
}

function parsedList(text: string): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.length > 0 && value.every((part) => typeof part === 'string' && part !== '')
      ? (value as string[])
      : undefined;
  } catch {
    return undefined;
  }
}
