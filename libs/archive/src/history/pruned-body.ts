import { encodeCommit } from '@torch/log';

/**
 * What a record reads as whose content retention has removed: a commit of no service, without events. It keeps its place in
 * the order and says nothing.
 */
export const PRUNED_BODY = encodeCommit({
  service: '',
  epoch: 0,
  recordedAtMs: 0,
  consumed: { entry: '0-0', commands: 0, seq: 0 },
  answers: [],
  events: [],
});
