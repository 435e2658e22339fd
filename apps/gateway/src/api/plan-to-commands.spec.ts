import { type ContractClass, DefinePools, fieldProblem, type Plan, SubmitRun } from '@torch/contracts';
import { planToCommands } from './plan-to-commands';

const ids = { runId: 'run-1', taskId: (key: string) => `run-1.${key}` };
const NOW_MS = 1_000_000;
const fits = (contract: ContractClass, value: unknown) => expect(fieldProblem(contract, value)).toBeUndefined();

describe('a plan', () => {
  const small: Plan = { tasks: [{ key: 'lint', role: 'developer', run: 'npm run lint' }] };

  it('becomes one run with every default filled in', () => {
    const { pools, run } = planToCommands(small, ids, NOW_MS);
    expect(pools).toBeUndefined();
    expect(run).toEqual({
      runId: 'run-1',
      tasks: [
        {
          taskId: 'run-1.lint',
          key: 'lint',
          title: 'lint',
          role: 'developer',
          skills: [],
          prefer: [],
          run: 'npm run lint',
          dependsOn: [],
          priority: 5,
          timeoutMs: 1_800_000,
          retries: 2,
        },
      ],
    });
    fits(SubmitRun, run);
  });

  it('keeps what it says', () => {
    const { run } = planToCommands(
      {
        name: 'nightly',
        tasks: [
          {
            key: 'a',
            role: 'developer',
            prompt: 'Think.',
            title: 'Thinking',
            skills: ['ts'],
            prefer: ['fast'],
            priority: 0,
            timeout: '90s',
            retries: 0,
          },
          { key: 'b', role: 'developer', run: 'true', dependsOn: ['a'], cwd: '/srv', env: { CI: '1' } },
        ],
      },
      ids,
      NOW_MS,
    );
    expect(run.name).toBe('nightly');
    expect(run.tasks[0]).toMatchObject({
      title: 'Thinking',
      prompt: 'Think.',
      skills: ['ts'],
      prefer: ['fast'],
      priority: 0,
      timeoutMs: 90_000,
      retries: 0,
    });
    expect(run.tasks[1]).toMatchObject({ dependsOn: ['run-1.a'], cwd: '/srv', env: { CI: '1' } });
    fits(SubmitRun, run);
  });

  it('with agents defines a pool of the run for each template', () => {
    const { pools } = planToCommands(
      { ...small, agents: [{ role: 'developer' }, { role: 'developer', skills: ['ts'], max: 4 }] },
      ids,
      NOW_MS,
    );
    expect(pools?.pools).toEqual([
      {
        poolId: 'run-1.developer.0',
        runId: 'run-1',
        role: 'developer',
        skills: [],
        runtime: 'process',
        harness: 'exec',
        min: 0,
        max: 1,
        capacity: 1,
        memoryMib: 2048,
        crashesMax: 5,
      },
      expect.objectContaining({ poolId: 'run-1.developer.1', skills: ['ts'], min: 0, max: 4 }),
    ]);
    fits(DefinePools, pools);
  });

  it.each([
    [{ count: 3 }, { min: 3, max: 3 }],
    [{ min: 2 }, { min: 2, max: 2 }],
    [
      { min: 1, max: 5 },
      { min: 1, max: 5 },
    ],
    [{ max: 5 }, { min: 0, max: 5 }],
    [{}, { min: 0, max: 1 }],
  ])('with agents of %j keeps %j of them', (given, kept) => {
    const { pools } = planToCommands({ ...small, agents: [{ role: 'developer', ...given }] }, ids, NOW_MS);
    expect(pools?.pools[0]).toMatchObject(kept);
  });
});
