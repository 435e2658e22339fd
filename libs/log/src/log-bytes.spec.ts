import { LOG_BYTES } from '@torch/testing';
import { COMMIT_BYTES_MAX, EVENT_BYTES_MAX } from './log';

describe('the limits that deciders are tried against', () => {
  it('are those of the log', () => {
    expect(LOG_BYTES).toEqual({ eventMax: EVENT_BYTES_MAX, commitMax: COMMIT_BYTES_MAX });
  });
});
