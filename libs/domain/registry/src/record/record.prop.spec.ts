import { type AttemptFailure, type TrackRecord } from '@torch/contracts';
import { DeciderRun, type SpecEvent } from '@torch/testing';
import fc from 'fast-check';
import { news } from '../fleet.fixture';
import { registryDecider } from '../registry.decider';
import { getAgent } from '../registry.views';

const NEUTRAL: readonly AttemptFailure[] = ['rate-limited', 'budget', 'stopped', 'deadline'];
interface Ended {
  readonly sorts: readonly string[];
  readonly durationMs?: number;
  readonly reason?: AttemptFailure;
}

/** Every attempt of one agent with what its task was by then, read from the events and nothing else. */
function attemptsOf(agentId: string, events: readonly SpecEvent[]): Ended[] {
  const attempts: Ended[] = [];
  const specs = new Map<string, { kind?: string; skills: readonly string[] }>();
  for (const { type, data } of events) {
    const event = data as {
      taskId: string;
      agentId: string;
      durationMs?: number;
      reason?: AttemptFailure;
      spec: { taskId: string; skills: string[] };
    };
    if (type === 'task.submitted') specs.set(event.spec.taskId, event.spec);
    if ((type !== 'task.completed' && type !== 'task.attempt-failed') || event.agentId !== agentId) {
      if (type === 'task.completed') specs.delete(event.taskId);
      continue;
    }
    const { kind = 'task', skills } = specs.get(event.taskId) ?? { skills: [] };
    const names = new Set(skills.map((skill) => `skill:${skill.split(':')[0]}`));
    attempts.push({ sorts: ['all', 'role:developer', `kind:${kind}`, ...names], durationMs: event.durationMs, reason: event.reason });
    if (type === 'task.completed') specs.delete(event.taskId);
  }
  return attempts;
}

/** A tally from scratch: what an attempt counts is 0.98 to the power of how many came after it. */
function recounted(of: string, all: readonly Ended[]): TrackRecord {
  const attempts = all.filter(({ sorts }) => sorts.includes(of));
  const counting = attempts.filter(({ reason }) => reason === undefined || !NEUTRAL.includes(reason));
  const completed = counting.filter(({ reason }) => reason === undefined);
  const weighed = (among: readonly Ended[], value: (attempt: Ended) => number): number =>
    among.reduce((sum, attempt, at) => sum + value(attempt) * 0.98 ** (among.length - 1 - at), 0);
  const successes = weighed(counting, ({ reason }) => (reason === undefined ? 1 : 0));
  const failures = weighed(counting, ({ reason }) => (reason === undefined ? 0 : 1));
  const reasons = [...new Set(attempts.flatMap(({ reason }) => reason ?? []))].sort();
  return {
    of,
    completed: completed.length,
    failed: counting.length - completed.length,
    successRate: (successes + 1) / (successes + failures + 2),
    ...(completed.length > 0 && { durationMs: weighed(completed, ({ durationMs = 0 }) => durationMs) / weighed(completed, () => 1) }),
    failures: reasons.map((reason) => ({ reason, count: attempts.filter((attempt) => attempt.reason === reason).length })),
  };
}

const rounded = (records: readonly TrackRecord[]) =>
  records.map((record) => ({
    ...record,
    successRate: record.successRate.toFixed(9),
    ...(record.durationMs !== undefined && { durationMs: record.durationMs.toFixed(6) }),
  }));

describe('the track record', () => {
  it('is what a recount of the log comes to, through a restart anywhere', () => {
    fc.assert(
      fc.property(fc.array(news, { maxLength: 150, size: 'max' }), fc.nat(150), (events, restartAt) => {
        const run = new DeciderRun(registryDecider);
        run.decide({ type: 'RegisterAgent', data: { agentId: 'a', role: 'developer', skills: [], harness: 'exec', instance: '1' } });
        events.forEach((event, at) => {
          run.happened(event);
          if (at === restartAt) run.restart();
        });
        const attempts = attemptsOf('a', events);
        const records = getAgent(run.state, { agentId: 'a' }, () => undefined).record ?? [];
        expect(new Set(records.map(({ of }) => of))).toEqual(new Set(attempts.flatMap(({ sorts }) => sorts)));
        expect(rounded(records)).toEqual(rounded(records.map(({ of }) => recounted(of, attempts))));
      }),
      { numRuns: 200 },
    );
  });
});
