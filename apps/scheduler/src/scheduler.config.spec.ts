import { readScheduler } from './scheduler.config';

describe('the scheduler’s environment', () => {
  it('names every variable that is wrong', () => {
    expect(() => readScheduler({ TORCH_SCHEDULER_START_GRACE_MS: '-1', TORCH_SCHEDULER_BACKOFF_MAX_MS: 'x' })).toThrow(
      /START_GRACE_MS[^]*BACKOFF_MAX_MS/,
    );
  });

  it('sets the times of the rules', () => {
    const decider = readScheduler({ TORCH_SCHEDULER_START_GRACE_MS: '50', TORCH_SCHEDULER_CLAIM_PATIENCE_MS: '70' });
    expect(decider.initialState().limits).toMatchObject({ startGraceMs: 50, claimPatienceMs: 70 });
  });

  it('sets how much a project may have open and remembers', () => {
    const { limits } = readScheduler({ TORCH_SCHEDULER_TASKS_OPEN_MAX: '7', TORCH_SCHEDULER_AGE_STEP_MS: '1000' }).initialState();
    expect(limits).toMatchObject({ tasksOpenMax: 7, ageStepMs: 1000, tasksEndedMax: 100_000 });
    expect(() => readScheduler({ TORCH_SCHEDULER_TASKS_OPEN_MAX: '0' })).toThrow(/TASKS_OPEN_MAX/);
  });
});
