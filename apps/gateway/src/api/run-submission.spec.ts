import { DeadlineExceeded } from '@torch/host';
import { Rejection } from '@torch/kernel';
import { waitUntil } from '@torch/testing';
import { Deadline, type Owners } from '../adapters/owners.adapter';
import { GATEWAY_DEFAULTS } from '../gateway.config';
import { RunSubmission } from './run-submission';

const admission = { project: 'p', actor: 'user:ada', idempotencyId: 'key-1', correlationId: 'c1' };
const plan = { agents: [{ role: 'qa' }], tasks: [{ key: 'a', role: 'qa', run: 'true' }] };

/** Owners that answer each command as the list for its type says, and take it once the list is at its end. */
function submission(failures: Record<string, Error[]>) {
  const commands: { type: string; id?: string; data: object }[] = [];
  const owners = {
    deadline: () => new Deadline(1000),
    query: async () => ({ run: undefined }),
    command: async ({ type }: { type: string }, { idempotencyId: id }: { idempotencyId?: string }, data: object) => {
      commands.push({ type, id, data });
      const failure = failures[type]?.shift();
      if (failure) throw failure;
      return { position: '7-0', partition: 0 };
    },
  };
  return {
    commands,
    types: () => commands.map(({ type }) => type),
    submission: new RunSubmission(owners as unknown as Owners, GATEWAY_DEFAULTS),
  };
}

describe('the submission of a plan', () => {
  it('defines the pools before it submits the run', async () => {
    const { submission: runs, types } = submission({});
    const { runId, tasks, position } = await runs.submit(admission, plan);
    expect([types(), tasks, position]).toEqual([['DefinePools', 'SubmitRun'], [{ key: 'a', taskId: `${runId}.a` }], '7-0']);
  });

  it('retires the pools of a run that is refused', async () => {
    const { submission: runs, types, commands } = submission({ SubmitRun: [new Rejection('too-many-tasks', 'No room.')] });
    await expect(runs.submit(admission, plan)).rejects.toThrow('No room.');
    expect(types()).toEqual(['DefinePools', 'SubmitRun', 'RetirePool']);
    expect(commands[2]?.data).toMatchObject({ poolId: expect.stringMatching(/\.qa\.0$/), reason: expect.stringContaining('No room.') });
  });

  it('leaves the pools of a run that was there already alone', async () => {
    const { submission: runs, types } = submission({ SubmitRun: [new Rejection('run-exists', 'It exists.')] });
    await expect(runs.submit(admission, plan)).rejects.toThrow('It exists.');
    expect(types()).toEqual(['DefinePools', 'SubmitRun']);
  });

  it('goes on asking, under the same id, when nobody knows whether the run was taken', async () => {
    const { submission: runs, types, commands } = submission({ SubmitRun: [new DeadlineExceeded('SubmitRun', 1800)] });
    await expect(runs.submit(admission, plan)).rejects.toThrow('not answered');
    await waitUntil(() => types().length === 3, { what: 'the run to be sent again' });
    expect(commands[2]).toEqual(commands[1]);
    runs.onModuleDestroy();
  });

  it('without agents leaves asking again to the caller', async () => {
    const { submission: runs, types } = submission({ SubmitRun: [new DeadlineExceeded('SubmitRun', 1800)] });
    await expect(runs.submit(admission, { tasks: plan.tasks })).rejects.toThrow('not answered');
    expect(types()).toEqual(['SubmitRun']);
  });

  it('is the same command for the same plan and key, and another one for another plan', async () => {
    const { submission: runs, commands } = submission({});
    await runs.submit(admission, plan);
    await runs.submit(admission, { ...plan });
    await runs.submit(admission, { ...plan, name: 'other' });
    const ids = commands.filter(({ type }) => type === 'SubmitRun').map(({ id }) => id);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
  });
});
