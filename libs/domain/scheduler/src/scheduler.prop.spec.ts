import type { SchedulerCommand, TaskAssigned, TaskSpec } from '@torch/contracts';
import { canonicalJson, type NewEvent, Rejection } from '@torch/kernel';
import { DeciderRun, propertyRounds, type SpecEvent } from '@torch/testing';
import * as fc from 'fast-check';
import { schedulerDecider, type SchedulerDecider, schedulerDeciderWith } from './decider';
import { SAFETY } from './scheduler.checkers.fixture';
import type { SchedulerState } from './scheduler.state';
import { everyAgentAnswers, play, type Reported, reportOf, steps } from './scheduler.world.fixture';

/** Small ones are met often: forgetting, splitting of answers and of releases. */
const tight = schedulerDeciderWith({ tasksEndedMax: 4, agentsLostMax: 0, releasesPerCommandMax: 2, settleEventsMax: 3 });
const RUNS = propertyRounds(50);

type Steps = Parameters<typeof play>[1];
const REPORTS: readonly Reported[] = ['start', 'progress', 'complete', 'fail'];

const playedBy = (decider: SchedulerDecider) => (taken: Steps) => {
  const project = new DeciderRun(decider);
  play(project, taken);
  return project;
};

/** Plays on from a part of a log, while agents go on reporting what the rest of it had given them. */
const playedOverLostTail = (decider: SchedulerDecider) => (before: Steps, after: Steps, kept: number) => {
  const first = playedBy(decider)(before);
  const cut = Math.floor(kept * first.log.length);
  const second = new DeciderRun(decider, 'again').at(first.nowMs).happened(...(first.log.slice(0, cut) as SpecEvent[]));
  const lost = first.log
    .slice(cut)
    .filter(({ type }) => type === 'task.assigned')
    .map(({ data }) => data as TaskAssigned);
  for (const step of after) {
    play(second, [step]);
    for (const assigned of lost) {
      for (const what of REPORTS) {
        const outcome = reportOf(second, assigned, what);
        const events = outcome instanceof Rejection ? [] : outcome;
        if (events.some(({ type }) => type !== 'task.result-ignored'))
          throw new Error(`A lost "${what}" was applied: ${JSON.stringify(events)}`);
      }
    }
  }
};

describe('the scheduler (safety)', () => {
  it.each(Object.entries(SAFETY))('%s', (_name, holds) => {
    fc.assert(
      fc.property(steps, (taken) => holds(playedBy(schedulerDecider)(taken).log)),
      RUNS,
    );
  });

  it('has said everything when settle says nothing', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const { state } = playedBy(tight)(taken);
        expect([state.doomed.size, state.ending.size, state.cancelling.size, state.matching.news.size]).toEqual([0, 0, 0, 0]);
      }),
      RUNS,
    );
  });

  it.each([
    ['default', schedulerDecider],
    ['tight', tight],
  ])('replays to the state that it had live, with %s limits', (_name, decider) => {
    fc.assert(
      fc.property(steps, (taken) => {
        const project = playedBy(decider)(taken);
        expect(project.digest(project.replayed())).toBe(project.digest());
      }),
      RUNS,
    );
  });

  it.each([
    ['default', schedulerDecider],
    ['tight', tight],
  ])('behaves after a snapshot as if there had been none, with %s limits', (_name, decider) => {
    fc.assert(
      fc.property(steps, (taken) => {
        const project = playedBy(decider)(taken);
        const restarted = new DeciderRun(decider);
        play(restarted, taken, { restarts: true });
        expect(canonicalJson(restarted.log)).toBe(canonicalJson(project.log));
        expect(restarted.digest()).toBe(project.digest());
      }),
      RUNS,
    );
  });
});

describe('the scheduler after its log has lost a tail (safety)', () => {
  it('never applies what an agent reports of an assignment that the tail had held', () => {
    fc.assert(fc.property(steps, steps, fc.double({ min: 0, max: 1, noNaN: true }), playedOverLostTail(schedulerDecider)), RUNS);
  });

  it('is caught when it looks at number and agent only', () => {
    const careless: SchedulerDecider = {
      ...schedulerDecider,
      decide: (state, command, context) => schedulerDecider.decide(state, underItsNewest(state, command), context),
    };
    const found = fc.check(fc.property(steps, steps, fc.double({ min: 0, max: 1, noNaN: true }), playedOverLostTail(careless)), {
      numRuns: 300,
      seed: 7,
      endOnFailure: true,
    });
    expect(found.failed).toBe(true);
    expect(String(found.errorInstance)).toContain('was applied');
  });

  function underItsNewest({ tasks }: SchedulerState, command: SchedulerCommand): SchedulerCommand {
    const { taskId, assignment } = command.data as { taskId?: string; assignment?: string };
    const newest = assignment === undefined ? undefined : tasks.get(taskId ?? '')?.assignments.at(-1);
    return newest === undefined ? command : ({ ...command, data: { ...command.data, assignment: newest } } as SchedulerCommand);
  }
});

describe('the scheduler (liveness)', () => {
  it('ends every task and run, once, when there are agents that fit and answer', () => {
    fc.assert(
      fc.property(
        steps,
        fc.constantFrom(schedulerDecider, schedulerDeciderWith({ settleEventsMax: 3, releasesPerCommandMax: 1 })),
        (taken, decider) => {
          const project = playedBy(decider)(taken);
          everyAgentAnswers(project);
          expect([...project.state.runs.values()].filter(({ status }) => status === 'running')).toEqual([]);
          expect(project.state.openTasks).toBe(0);
          SAFETY.aRunEndsOnceAllItsTasksHave?.(project.log);
          const count = (type: string): number => project.log.filter((event) => event.type === type).length;
          const reopened = project.log.filter((event, i) => event.type === 'task.requeued' && reopens(project.log, i)).length;
          expect(count('run.ended')).toBe(count('run.submitted') + reopened);
        },
      ),
      RUNS,
    );
  });

  function reopens(log: DeciderRun<unknown>['log'], index: number): boolean {
    const { taskId, reason } = log[index]?.data as { taskId: string; reason: string };
    if (reason !== 'retry-asked') return false;
    const runId = taskId.slice(0, taskId.indexOf('.'));
    const ofRun = log.slice(0, index).filter(({ type, data }) => {
      const { runId: ended, taskId: requeued = '', reason: why } = data as { runId?: string; taskId?: string; reason?: string };
      return (
        (type === 'run.ended' && ended === runId) || (type === 'task.requeued' && why === 'retry-asked' && requeued.startsWith(`${runId}.`))
      );
    });
    return ofRun.at(-1)?.type === 'run.ended';
  }
});

describe('the checkers catch a scheduler', () => {
  const withAssignments = (change: (assigned: NewEvent, agents: readonly string[]) => readonly NewEvent[]): SchedulerDecider => ({
    ...schedulerDecider,
    settle: (state, context) =>
      (schedulerDecider.settle?.(state, context) ?? []).flatMap((event) =>
        event.type === 'task.assigned' ? change(event, [...state.agents.keys()]) : [event],
      ),
  });
  const to = (event: NewEvent, agentId: string | undefined, attempt = 0): NewEvent => {
    const data = event.data as { agentId: string; attempt: number };
    return { ...event, data: { ...data, agentId: agentId ?? data.agentId, attempt: data.attempt + attempt } };
  };
  /** Takes the log's events in otherwise than they are. */
  const misreading = (type: string, change: (data: Record<string, unknown>) => object | undefined): SchedulerDecider => ({
    ...schedulerDecider,
    evolve: (state, event) => {
      if (event.type !== type) return schedulerDecider.evolve(state, event);
      const data = change({ ...event.data });
      return data ? schedulerDecider.evolve(state, { ...event, data } as typeof event) : state;
    },
  });
  const submitting = (part: Partial<TaskSpec>) =>
    misreading('task.submitted', (data) => ({ ...data, spec: { ...(data.spec as TaskSpec), ...part } }));
  const MUTANTS: [does: string, guarantee: string, mutant: SchedulerDecider][] = [
    ['that waits for no dependency', 'firstAttemptsFollowTheirDependencies', submitting({ dependsOn: [], after: [] })],
    ['that takes failure for success', 'firstAttemptsFollowTheirDependencies', submitting({ onDependencyFailure: 'continue' })],
    ['that skips where it should fail', 'onlyTasksThatCannotStartAreSkipped', submitting({ onDependencyFailure: 'skip' })],
    ['that does not wait for a time', 'noAttemptBeginsBeforeItsTime', submitting({ notBeforeMs: undefined })],
    ['that does not stop', 'noAttemptBeginsWhileWorkIsStopped', misreading('work.stopped', () => undefined)],
    [
      'that spends no attempt',
      'noMoreAttemptsAreSpentThanAllowed',
      misreading('task.attempt-failed', (data) => ({ ...data, reason: 'stopped' })),
    ],
    ['that assigns a task twice', 'noTaskHasTwoLiveAttempts', withAssignments((event, agents) => [event, to(event, agents.at(-1), 1)])],
    ['that does not look at skills', 'workGoesToLiveAgentsThatFit', withAssignments((event, agents) => [to(event, agents[0])])],
    ['that does not look at capacity', 'noAgentIsAboveItsCapacity', withAssignments((event, agents) => [to(event, agents[0])])],
    [
      'that takes the results of older attempts',
      'onlyTheLiveAttemptIsApplied',
      {
        ...schedulerDecider,
        decide: (state, command, context) => {
          if (command.type !== 'CompleteTask' || state.tasks.get(command.data.taskId)?.status !== 'running')
            return schedulerDecider.decide(state, command, context);
          const { assignment: _unseen, ...data } = command.data;
          return [{ type: 'task.completed', subject: 'task', data: { ...data, completedAtMs: context.nowMs } }];
        },
      },
    ],
  ];

  it.each(MUTANTS)('%s', (_does, guarantee, mutant) => {
    const found = fc.check(
      fc.property(steps, (taken) => SAFETY[guarantee]?.(playedBy(mutant)(taken).log)),
      { numRuns: 300, seed: 7, endOnFailure: true },
    );
    expect(found.failed).toBe(true);
    expect(String(found.errorInstance)).toContain('breaks the guarantee');
  });
});
