import { PROJECT_PATTERN, type ServiceName } from '@torch/contracts';
import { present } from '@torch/kernel';
import { wrongUsage } from '../cli.errors';

/** The part of a service's state that a subject is, as JSON. */
export type SubjectState = Readonly<Record<string, unknown>>;

export interface Subject {
  readonly kind: string;
  readonly id: string;
  /** `task/<id>` */
  readonly name: string;
}

interface Kind {
  /** Who decides about it. */
  readonly service: ServiceName;
  /** Undefined when there is none with this id in the service's state, as its snapshot keeps that. */
  readonly part: (encoded: never, id: string) => SubjectState | undefined;
}

interface EncodedTask {
  readonly spec: { readonly taskId: string };
  readonly at: number;
  readonly before: number;
  readonly status: string;
  readonly attempt: number;
  readonly agentId?: string;
  readonly reason?: string;
}

interface EncodedRun {
  readonly id: string;
  readonly at: number;
  readonly tasks: readonly EncodedTask[];
}

interface EncodedScheduler {
  readonly runs: readonly EncodedRun[];
}

interface EncodedRegistry {
  readonly project: readonly { readonly createdAtMs?: number }[];
  readonly agents: readonly { readonly agentId: string; readonly presence: string }[];
  readonly documents: readonly (readonly [key: string, versions: readonly { readonly version: number }[]])[];
  readonly unresolved: readonly { readonly conflictId: string }[];
  readonly resolved: readonly { readonly conflictId: string }[];
}

interface EncodedSpawner {
  readonly pools: readonly { readonly spec: { readonly poolId: string } }[];
  readonly processes: readonly { readonly agentId: string; readonly poolId: string }[];
}

interface EncodedMessaging {
  readonly messages: readonly { readonly messageId: string; readonly deliveries: readonly (readonly [string, string])[] }[];
}

const KINDS: Readonly<Record<string, Kind>> = {
  task: { service: 'scheduler', part: taskState },
  run: { service: 'scheduler', part: runState },
  agent: { service: 'registry', part: ({ agents }: EncodedRegistry, id) => copy(agents.find(({ agentId }) => agentId === id)) },
  project: { service: 'registry', part: projectState },
  context: {
    service: 'registry',
    part: ({ documents }: EncodedRegistry, key) => copy(documents.find(([known]) => known === key)?.[1].at(-1)),
  },
  conflict: { service: 'registry', part: conflictState },
  pool: { service: 'spawner', part: poolState },
  process: { service: 'spawner', part: ({ processes }: EncodedSpawner, id) => copy(processes.find(({ agentId }) => agentId === id)) },
  message: { service: 'gateway', part: messageState },
};

export const SUBJECT_KINDS = Object.keys(KINDS);

/** @throws CliError 2 when the text names no kind of subject that has a state. */
export function parseSubject(text: string): Subject {
  const slash = text.indexOf('/');
  const [kind, id] = [text.slice(0, slash), text.slice(slash + 1)];
  if (slash < 0 || !Object.hasOwn(KINDS, kind) || id === '')
    throw wrongUsage(
      `"${text}" is not a subject: ${SUBJECT_KINDS.map((known) => `${known}/<${known === 'project' ? 'name' : 'id'}>`).join(', ')}.`,
    );
  if (kind === 'project' && !PROJECT_PATTERN.test(id))
    throw wrongUsage(`"${id}" is not a project name: 1 to 63 lower-case letters, digits or "-".`);
  return { kind, id, name: text };
}

/** The service that decides about the subject. */
export const serviceOf = ({ kind }: Subject): ServiceName => (KINDS[kind] as Kind).service;

/** @param encoded the state of `serviceOf(subject)`, as its snapshot keeps it. */
export function stateOf({ kind, id }: Subject, encoded: unknown): SubjectState | undefined {
  return (KINDS[kind] as Kind).part(encoded as never, id);
}

function taskState({ runs }: EncodedScheduler, id: string): SubjectState | undefined {
  for (const run of runs) {
    const task = run.tasks.find(({ spec }) => spec.taskId === id);
    if (!task) continue;
    const { at, before, ...rest } = task;
    return { runId: run.id, submittedAtMs: at, attemptsBefore: before, ...rest };
  }
  return undefined;
}

/** Of each task how far it is; the task itself is a subject of its own. */
function runState({ runs }: EncodedScheduler, id: string): SubjectState | undefined {
  const run = runs.find((candidate) => candidate.id === id);
  if (!run) return undefined;
  const { at, tasks, ...rest } = run;
  const brief = tasks.map(({ spec, status, attempt, agentId, reason }) => [spec.taskId, present({ status, attempt, agentId, reason })]);
  return { submittedAtMs: at, ...rest, tasks: Object.fromEntries(brief) as SubjectState };
}

function projectState({ project, agents }: EncodedRegistry): SubjectState | undefined {
  const { createdAtMs } = project[0] ?? {};
  if (createdAtMs === undefined && agents.length === 0) return undefined;
  return present({ createdAtMs, agents: Object.fromEntries(agents.map(({ agentId, presence }) => [agentId, presence])) });
}

function conflictState({ unresolved, resolved }: EncodedRegistry, id: string): SubjectState | undefined {
  return copy([...unresolved, ...resolved].find(({ conflictId }) => conflictId === id));
}

function poolState({ pools, processes }: EncodedSpawner, id: string): SubjectState | undefined {
  const pool = pools.find(({ spec }) => spec.poolId === id);
  if (!pool) return undefined;
  const own = processes.filter(({ poolId }) => poolId === id).map((process) => [process.agentId, copy(process)]);
  return present({ ...pool, processes: Object.fromEntries(own) as SubjectState });
}

function messageState({ messages }: EncodedMessaging, id: string): SubjectState | undefined {
  const message = messages.find(({ messageId }) => messageId === id);
  return message && present({ ...message, deliveries: Object.fromEntries(message.deliveries) });
}

const copy = (part: object | undefined): SubjectState | undefined => part && present({ ...part });
