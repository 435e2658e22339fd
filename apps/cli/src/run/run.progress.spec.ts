import type { CloudEvent } from '@torch/agent';
import type { TaskView } from '@torch/contracts';
import { countsText, stepText } from './run.lines';
import { RunProgress, type WatchedTask } from './run.progress';

const watching = (): RunProgress =>
  new RunProgress('r', new Map<string, WatchedTask>([['r.a', { key: 'a', title: 'a', status: 'ready', attempt: 0, sinceMs: 0 }]]));
const event = (type: string, atMs: number, data: object = {}): CloudEvent =>
  ({ type, time: new Date(atMs).toISOString(), data: { taskId: 'r.a', ...data } }) as CloudEvent;
const view = (fields: Partial<TaskView>): TaskView => ({ spec: { taskId: 'r.a', key: 'a' }, attempt: 1, ...fields }) as TaskView;

describe('the progress of a run', () => {
  it('tells a retried task step by step', () => {
    const progress = watching();
    const steps = [
      event('task.assigned', 1000, { attempt: 1, agentId: 'x' }),
      event('task.started', 1001),
      event('task.progressed', 1002, { percent: 50 }),
      event('task.attempt-failed', 2000, { message: 'exit code 1', durationMs: 999 }),
      event('task.retry-scheduled', 2000, { retryAtMs: 3000 }),
      event('task.requeued', 3000),
      event('task.assigned', 3001, { attempt: 2, agentId: 'y' }),
      event('task.completed', 4000, { durationMs: 900 }),
    ].flatMap((one) => progress.apply(one) ?? []);
    expect(steps.map((step) => stepText(step, 3))).toEqual([
      'a    assigned to x',
      'a    started',
      'a    attempt failed (attempt 1) after 999 ms: exit code 1',
      'a    will be retried: again in 1000 ms',
      'a    assigned to y (attempt 2)',
      'a    completed after 900 ms',
    ]);
    expect(countsText(progress)).toBe('1/1 done');
  });

  it('tells what waits for an answer, and what is skipped', () => {
    const progress = watching();
    const asks = progress.apply(event('approval.requested', 1000, { question: 'Deploy now?' }));
    expect(asks && stepText(asks, 3)).toBe('a    waits for an answer (torch approvals): Deploy now?');
    expect(countsText(progress)).toBe('0/1 done, 1 waiting for approval');
    progress.apply(event('approval.answered', 2000, { option: 'approve' }));
    expect(countsText(progress)).toBe('0/1 done, 1 queued');
    const skipped = progress.apply(event('task.skipped', 3000, { reason: 'Its dependency failed.' }));
    expect(skipped && stepText(skipped, 3)).toBe('a    skipped: Its dependency failed.');
    expect(countsText(progress)).toBe('1/1 done, 1 skipped');
  });

  it('keeps a task running that asks in the middle', () => {
    const progress = watching();
    progress.apply(event('task.assigned', 1000, { attempt: 1, agentId: 'x' }));
    progress.apply(event('task.started', 1001));
    progress.apply(event('approval.requested', 1002, { attempt: 1, question: 'This or that?' }));
    progress.apply(event('approval.answered', 1003, { option: 'this' }));
    expect(progress.count('running')).toBe(1);
  });

  it('takes no notice of other runs', () => {
    expect(watching().apply({ ...event('task.started', 1), data: { taskId: 'other.a' } })).toBeUndefined();
  });

  it('makes up for events that were missed, and tells nothing twice when they come late', () => {
    const progress = watching();
    expect(progress.catchUp(view({ status: 'completed', endedAtMs: 5000, durationMs: 10 }))).toMatchObject({
      what: 'completed',
      durationMs: 10,
    });
    expect(progress.catchUp(view({ status: 'completed', endedAtMs: 5000 }))).toBeUndefined();
    expect(
      [event('task.assigned', 4000, { attempt: 1, agentId: 'x' }), event('task.completed', 5000)].map((late) => progress.apply(late)),
    ).toEqual([undefined, undefined]);
    expect(progress.count('completed')).toBe(1);
  });

  it('goes on when an ended task is retried', () => {
    const progress = watching();
    progress.apply(event('task.dead-lettered', 1000, { reason: 'attempts-exhausted' }));
    progress.apply(event('task.requeued', 2000));
    expect(progress.count('ready')).toBe(1);
    expect(progress.apply(event('task.assigned', 2001, { attempt: 1, agentId: 'x' }))).toMatchObject({ what: 'assigned' });
  });
});
