import { readScheduler } from './scheduler.config';

describe('the scheduler’s environment', () => {
  it('names every variable that is wrong', () => {
    expect(() => readScheduler({ TORCH_SCHEDULER_START_GRACE_MS: '-1', TORCH_SCHEDULER_BACKOFF_MAX_MS: 'x' })).toThrow(
      /START_GRACE_MS[^]*BACKOFF_MAX_MS/,
    );
  });

  it('sets the times of the rules', () => {
    const decider = readScheduler({ TORCH_SCHEDULER_START_GRACE_MS: '50' });
    expect(decider.initialState().limits.startGraceMs).toBe(50);
  });
});
