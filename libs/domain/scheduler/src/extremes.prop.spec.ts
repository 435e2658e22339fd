import { Commands, commandContract } from '@torch/contracts';
import type { NewEvent } from '@torch/kernel';
import { ExtremeRun, extremes, propertyRounds } from '@torch/testing';
import * as fc from 'fast-check';
import { schedulerDecider, type SchedulerDecider } from './decider';
import { lost, registered, task } from './decider.fixture';
import { reactionTo } from './release-agent';
import { isLive, type SchedulerState } from './scheduler.state';

/** Commands that people and agents may send. */
const TYPES = Object.keys(Commands).filter(
  (type) =>
    commandContract(type)?.service === 'scheduler' &&
    !['PassMoment', 'ExpireLease', 'EndBackoff', 'ReleaseAgent', 'ExpireClaim', 'ExpireApproval', 'FireSchedule'].includes(type),
);
const WIDE = '\u{1F6D1}';
const LONG_ID = (n: number): string => `${n}${'r'.repeat(100)}`;
const MOST = Number.MAX_SAFE_INTEGER;

type Step =
  | {
      readonly do: 'command';
      readonly type: string;
      readonly data: Record<string, unknown>;
      readonly part: Record<string, unknown>;
      readonly which: number;
      readonly aimed: boolean;
    }
  | { readonly do: 'submit'; readonly part: Record<string, unknown>; readonly chained: boolean }
  | { readonly do: 'agent'; readonly n: number; readonly isLost: boolean }
  | { readonly do: 'wait'; readonly ms: number };

const amounts = fc.record({ tokens: fc.constantFrom(0, 1000, MOST), costUsd: fc.constantFrom(0, 1_000_000_000) }, { requiredKeys: [] });
const options = fc.record(
  {
    title: fc.constantFrom(WIDE.repeat(200), 'x'),
    budget: amounts,
    estimate: amounts,
    metered: fc.constant(true),
    retries: fc.constantFrom(0, 100),
    approval: fc.constantFrom({}, { question: WIDE.repeat(2000), timeoutMs: 1000 }),
    evidence: fc.constantFrom({ exitCodeZero: true }, { command: WIDE.repeat(4096) }, { artefacts: [{ path: WIDE.repeat(1024) }] }),
    queueTimeoutMs: fc.constantFrom(100),
    progressTimeoutMs: fc.constantFrom(100),
    deadlineMs: fc.constantFrom(100_000),
    claims: fc.constant([{ path: `repo:${WIDE.repeat(400)}`, mode: 'exclusive' }]),
    onDependencyFailure: fc.constantFrom('fail', 'skip'),
    prompt: fc.constantFrom(100, 15_400, 15_600, 15_700, 15_800, 15_900).map((length) => WIDE.repeat(length)),
  },
  { requiredKeys: [] },
);
/** A few of them at a time: together they contradict each other. */
const part = fc.tuple(options, fc.nat(20)).map(([all, from]) => Object.fromEntries(Object.entries(all).slice(from % 8, (from % 8) + 2)));
/** What others need first, or what is easily refused. */
const OFTEN = ['StartTask', 'StartTask', 'ReportProgress', 'ReportProgress', 'RequestApproval', 'SetSchedule', 'ResumeWork', 'ResumeWork'];
const command = fc.constantFrom(...TYPES, ...OFTEN).chain((type) =>
  fc.record({
    do: fc.constant('command' as const),
    type: fc.constant(type),
    data: extremes(commandContract(type)!.data, { itemsMax: type === 'SubmitRun' ? 2 : 32 }),
    part,
    which: fc.nat(9),
    aimed: fc.constantFrom(true, true, true, false),
  }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: command },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('submit' as const), part, chained: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('agent' as const), n: fc.nat(2), isLost: fc.constantFrom(false, false, false, true) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1000, 61_000, 100_000_000) }) },
);
const steps = fc.array(step, { minLength: 20, maxLength: 60, size: 'max' });

function play(taken: readonly Step[], decider: SchedulerDecider = schedulerDecider): ExtremeRun<SchedulerState> {
  const run = new ExtremeRun(decider);
  run.happened(registered('agent-0', { capacity: 3 }), registered('agent-1', { capacity: 3 }));
  for (const one of taken) {
    playStep(run, one);
    run.passAndSettle(run.nowMs);
  }
  run.passAndSettle(run.nowMs + 200_000_000);
  return run;
}

function playStep(run: ExtremeRun<SchedulerState>, one: Step): void {
  if (one.do === 'wait') run.passAndSettle(run.nowMs + one.ms);
  else if (one.do === 'agent') {
    const event = one.isLost ? lost(`agent-${one.n}`) : registered(`agent-${one.n}`, { capacity: 3 });
    run.happened(event);
    for (const { type, data } of reactionTo(event, run.state)) run.sayOwn({ type, data });
  } else if (one.do === 'submit') run.say({ type: 'SubmitRun', data: runOf(run, one) });
  else run.say({ type: one.type, data: one.aimed ? { ...one.data, ...known(run, one) } : one.data });
}

function runOf({ state }: ExtremeRun<SchedulerState>, { part, chained }: Extract<Step, { do: 'submit' }>): object {
  const runId = LONG_ID(state.lastSeq);
  const before = [...state.tasks.keys()].at(-1);
  const spec = { ...specOf(part), taskId: `${runId}.${'t'.repeat(20)}` };
  return { runId, tasks: [chained && before !== undefined ? { ...spec, dependsOn: [before] } : spec] };
}

function specOf({ prompt, ...part }: Record<string, unknown>): object {
  const { run, ...spec } = task('t', part);
  return prompt === undefined ? { ...spec, run } : { ...spec, prompt };
}

/** Ids of what there is, in place of such as nothing has. */
function known({ state, nowMs }: ExtremeRun<SchedulerState>, { type, data, part, which }: Extract<Step, { do: 'command' }>): object {
  const pick = <T>(of: Iterable<T>): T | undefined => [...of][which % Math.max(1, [...of].length)];
  const live = pick([...state.tasks.values()].filter(isLive));
  const held = live && { taskId: live.spec.taskId, attempt: live.attempt, assignment: live.assignments.at(-1), agentId: live.agentId };
  const ids: Record<string, unknown> = {
    ...(held ?? { taskId: pick(state.tasks.keys()), agentId: 'agent-0' }),
    runId: pick(state.runs.keys()),
    approvalId: type === 'AnswerApproval' ? pick(state.approvals.open.keys()) : undefined,
    claimId: type === 'ReleaseClaim' ? pick(state.claims.own.keys()) : undefined,
    retryAtMs: nowMs + 1000,
    paths: [{ path: `repo:${'a/'.repeat(200)}${which}`, mode: 'exclusive' }],
    option: 'deny',
    options: ['approve', 'deny'],
    onTimeout: 'deny',
    timeoutMs: 1000,
    scheduleId: 's'.repeat(100),
    cron: '* * * * *',
    timeZone: 'UTC',
    missed: 'once',
    task: specOf(part),
  };
  return Object.fromEntries(Object.entries(ids).filter(([name, value]) => name in data && value !== undefined && name !== 'taskIds'));
}

const isFound = (decider: SchedulerDecider): string => {
  const found = fc.check(
    fc.property(steps, (taken) => void play(taken, decider)),
    { numRuns: 60, seed: 11, endOnFailure: true },
  );
  return found.failed ? String(found.errorInstance) : 'nothing';
};

describe('the scheduler, told whatever its contracts allow', () => {
  it('throws nothing but rejections, and everything that it says fits its contract, the log and a commit', () => {
    fc.assert(
      fc.property(steps, (taken) => void play(taken)),
      propertyRounds(60),
    );
  });

  it('decides some of each sort of command that the property brings', () => {
    const decided = new Set<string>();
    fc.assert(
      fc.property(steps, (taken) => {
        for (const [type, outcome] of play(taken).outcomes) if (outcome.decided > 0) decided.add(type);
      }),
      { numRuns: 60, seed: 3 },
    );
    expect(TYPES.filter((type) => !decided.has(type))).toEqual([]);
  });
});

describe('a scheduler is found', () => {
  const saying = (change: (event: NewEvent) => NewEvent): SchedulerDecider => ({
    ...schedulerDecider,
    decide: (...asked) => schedulerDecider.decide(...asked).map(change),
    settle: (...asked) => (schedulerDecider.settle?.(...asked) ?? []).map(change),
  });

  it('that puts a prefix before a reason without cutting it', () => {
    const mutant = saying((event) => {
      const data = event.data as { reason?: string; message?: string };
      if (event.type !== 'task.failed') return event;
      return { ...event, data: { ...data, reason: `budget: ${data.reason}${WIDE.repeat(1999)}` } };
    });
    expect(isFound(mutant)).toMatch(/does not fit TaskFailed: "reason"/);
  });

  it('whose sums do not saturate', () => {
    const mutant = saying((event) => {
      const { used, ...data } = event.data as { used?: { tokens: number } };
      if (event.type !== 'budget.exhausted' || !used) return event;
      return { ...event, data: { ...data, used: { ...used, tokens: used.tokens + MOST } } };
    });
    expect(isFound(mutant)).toMatch(/does not fit BudgetExhausted: .*used/);
  });
});
