/** A small archive with something in every section of a report. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOG_NOTE, openSegmentName, partitionDir, sha256 } from '@torch/archive';
import { chainRecord, encodeRecord, GENESIS_HASH } from '@torch/domain-audit';
import type { AnyEvent } from '@torch/kernel';
import { partitionOf } from '@torch/log';

export const FIXTURE_PARTITIONS = 2;
export const FIXTURE_LOG_ID = '5f0c6a3e-8a55-4f6f-9c52-0f6f3f5a7f10';
/** 2026-11-02T08:00:00Z */
export const FIXTURE_START_MS = Date.UTC(2026, 10, 2, 8);
export const FIXTURE_PROJECT = 'default';
/** A name that somebody would try on a page, or on a spreadsheet. */
export const HOSTILE = `=HYPERLINK("x")<script>alert('1')</script>&"`;

const MINUTE_MS = 60_000;

export type FixtureEvent = Pick<AnyEvent, 'type' | 'subject' | 'actor'> & {
  readonly v?: number;
  readonly project?: string;
  readonly data?: object;
};

export interface FixtureCommit {
  readonly service: string;
  readonly epoch?: number;
  readonly generation?: number;
  /** Minutes after the start. */
  readonly atMin: number;
  readonly events: readonly FixtureEvent[];
  /** Retention has removed what it said. */
  readonly pruned?: boolean;
  /** Default: the fixture's project. */
  readonly partitionOfProject?: string;
}

/** Writes the commits as an archive of open segments. @returns its directory. */
export function writeArchive(dir: string, commits: readonly FixtureCommit[]): string {
  mkdirSync(dir, { recursive: true });
  writeFileSync(
    join(dir, LOG_NOTE),
    JSON.stringify({ format: 1, logId: FIXTURE_LOG_ID, partitions: FIXTURE_PARTITIONS, createdAtMs: FIXTURE_START_MS }),
  );
  for (let partition = 0; partition < FIXTURE_PARTITIONS; partition++) {
    let previous = GENESIS_HASH;
    const own = commits.filter(
      ({ partitionOfProject = FIXTURE_PROJECT }) => partitionOf(partitionOfProject, FIXTURE_PARTITIONS) === partition,
    );
    const lines = own.map((commit, index) => {
      const record = chainRecord(previous, { seq: index + 1, generation: commit.generation ?? 0, body: bodyOf(commit) }, sha256);
      previous = record.hash;
      return `${encodeRecord(commit.pruned ? { ...record, body: undefined } : record)}\n`;
    });
    mkdirSync(partitionDir({ dir, partition }), { recursive: true });
    writeFileSync(join(partitionDir({ dir, partition }), openSegmentName(1)), lines.join(''));
  }
  return dir;
}

function bodyOf({ service, epoch = 1, atMin, events }: FixtureCommit): string {
  return JSON.stringify({
    service,
    epoch,
    recordedAtMs: FIXTURE_START_MS + atMin * MINUTE_MS,
    consumed: { entry: '0-0', commands: 0, seq: 0 },
    answers: [],
    events: events.map((event) => ({ v: 1, project: FIXTURE_PROJECT, correlationId: 'c', data: {}, ...event })),
  });
}

const at = (atMin: number): number => FIXTURE_START_MS + atMin * MINUTE_MS;
const task = (type: string, actor: string, data: object = {}): FixtureEvent => ({
  type: `task.${type}`,
  subject: 'task/run-1.lint',
  actor,
  data: { taskId: 'run-1.lint', ...data },
});
const refused = (count: number, atMin: number, data: object = {}): FixtureEvent => ({
  type: 'access.refused',
  subject: 'access/agent:dev-1',
  actor: 'agent:dev-1',
  data: {
    caller: 'agent:dev-1',
    method: 'GET',
    route: '/v1/projects/:project/inboxes/:recipient',
    code: 'forbidden',
    detail: `agent:dev-1 may act for itself only, not for agent "${HOSTILE}".`,
    network: '203.0.113.0/24',
    count,
    firstAtMs: at(atMin),
    lastAtMs: at(atMin) + 500,
    ...data,
  },
});
const ofSystem = (event: FixtureEvent): FixtureEvent => ({ ...event, project: 'torch' });

/** Two days of a project, with a quiet neighbour. */
export const FIXTURE_COMMITS: readonly FixtureCommit[] = [
  {
    service: 'registry',
    atMin: 0,
    events: [{ type: 'agent.registered', subject: 'agent/dev-1', actor: 'agent:dev-1', data: { agentId: 'dev-1' } }],
  },
  {
    service: 'gateway',
    atMin: 1,
    events: [
      {
        type: 'access.granted',
        subject: 'access/user:ada',
        actor: 'user:ada',
        data: { caller: 'user:ada', access: 'write', network: '198.51.100.0/24', firstAtMs: at(1), windowEndsAtMs: at(60) },
      },
      {
        type: 'access.granted',
        subject: 'access/user:ada',
        actor: 'user:ada',
        data: { caller: 'user:ada', access: 'write', firstAtMs: at(61), windowEndsAtMs: at(120) },
      },
    ],
  },
  {
    service: 'scheduler',
    atMin: 2,
    events: [
      {
        type: 'run.submitted',
        subject: 'run/run-1',
        actor: 'user:ada',
        data: { runId: 'run-1', name: HOSTILE, tasks: 2, submittedAtMs: at(2) },
      },
      task('submitted', 'user:ada'),
      { type: 'task.submitted', subject: 'task/run-1.test', actor: 'user:ada', data: {} },
      { type: 'run.submitted', subject: 'run/run-9', actor: 'user:bob', project: 'neighbour', data: { runId: 'run-9', tasks: 1 } },
    ],
  },
  {
    service: 'scheduler',
    atMin: 5,
    events: [
      task('attempt-failed', 'agent:dev-1', { attempt: 1, reason: 'exit-code', message: 'Exit code 1.' }),
      task('requeued', 'service:scheduler', { reason: 'backoff-over' }),
    ],
  },
  { service: 'gateway', atMin: 6, events: [refused(14, 6), refused(3, 7)] },
  {
    service: 'gateway',
    atMin: 7,
    partitionOfProject: 'torch',
    events: [ofSystem(refused(40, 7, { caller: undefined, route: '/v1/audit/verify', code: 'unauthorized', detail: 'Send a token.' }))],
  },
  {
    service: 'registry',
    atMin: 8,
    events: [
      {
        type: 'agent.lost',
        subject: 'agent/dev-1',
        actor: 'service:registry',
        data: { agentId: 'dev-1', reason: 'No sign of life for 25 s.' },
      },
    ],
  },
  {
    service: 'scheduler',
    atMin: 9,
    events: [
      task('requeued', 'user:ada', { reason: 'retry-asked' }),
      task('completed', 'agent:dev-2', { attempt: 2 }),
      {
        type: 'task.dead-lettered',
        subject: 'task/run-1.test',
        actor: 'service:scheduler',
        data: { taskId: 'run-1.test', attempts: 3, reason: 'attempts-exhausted' },
      },
    ],
  },
  {
    service: 'scheduler',
    atMin: 10,
    events: [
      {
        type: 'run.ended',
        subject: 'run/run-1',
        actor: 'service:scheduler',
        data: { runId: 'run-1', status: 'failed', completed: 1, failed: 0, cancelled: 0, deadLettered: 1 },
      },
    ],
  },
  { service: 'scheduler', atMin: 11, pruned: true, events: [] },
  {
    service: 'audit',
    atMin: 60,
    generation: 1,
    events: [
      ofSystem({
        type: 'log.recovered',
        subject: 'partition/0',
        actor: 'service:audit',
        data: { firstLostSeq: 10, seenPosition: '11-0', recoveredAtMs: at(60) },
      }),
    ],
  },
  { service: 'scheduler', atMin: 61, generation: 1, epoch: 3, events: [task('cancelled', 'user:ada', { reason: '=1+1' })] },
  {
    service: 'audit',
    atMin: 62,
    generation: 1,
    events: [
      ofSystem({
        type: 'notary.key-rotated',
        subject: 'notary/b83ff2b5',
        actor: 'service:audit',
        data: { previousKey: 'notary-1+d662b7ca' },
      }),
      ofSystem({ type: 'hold.placed', subject: 'hold/h1', actor: 'user:ada', data: { project: 'default', reason: 'A claim.' } }),
      ofSystem({ type: 'hold.placed', subject: 'hold/h2', actor: 'user:bob', data: { project: 'neighbour', reason: 'Not ours.' } }),
    ],
  },
  {
    service: 'scheduler',
    atMin: 24 * 60,
    generation: 1,
    epoch: 3,
    events: [
      { type: 'approval.given', subject: 'task/run-1.test', actor: 'user:ada', data: { note: 'Ship it.' } },
      { type: 'budget.exceeded', subject: 'run/run-1', actor: 'service:scheduler', data: { costUsd: 5.11 } },
      { type: 'subject.erased', subject: 'subject/s1', actor: 'user:ada', data: { reason: 'Asked to.' } },
    ],
  },
];
