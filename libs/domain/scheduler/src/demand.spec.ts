import { DeciderRun } from '@torch/testing';
import {
  cancelTask,
  completeTask,
  deregistered,
  lost,
  registered,
  submitRun,
  suspected,
  task,
  told,
  withAssignments,
} from './decider.fixture';
import { DEMANDS_IDLE_MAX } from './matching';

const scheduler = () => new DeciderRun(withAssignments());
const tasks = (count: number, part: Parameters<typeof task>[1] = {}) => Array.from({ length: count }, (_, i) => task(`t${i}`, part));

describe('demand', () => {
  it('is told when tasks wait, with the agents that fit', () => {
    const run = scheduler().happened(registered('agent-1', { skills: ['ts'] }));
    run.decide(submitRun(tasks(3, { skills: ['ts', 'css'] })));
    expect(run.settle()).toMatchObject([
      {
        type: 'demand.changed',
        subject: 'demand/developer',
        data: { role: 'developer', skills: ['css', 'ts'], waiting: 3, fittingAgents: 0 },
      },
    ]);
  });

  it('is not told when every task finds an agent', () => {
    const run = scheduler().happened(registered('agent-1', { capacity: 3 }));
    run.decide(submitRun(tasks(3)));
    expect(told(run.settle()).filter((line) => line.startsWith('demand'))).toEqual([]);
  });

  it('is told again at each power of two only, down to none', () => {
    const run = scheduler();
    run.decide(submitRun(tasks(9)));
    expect(told(run.settle())).toEqual(['demand.changed developer 9/0']);
    const heard = tasks(9).flatMap(({ key }) => {
      run.decide(cancelTask(key));
      return told(run.settle()).filter((line) => line.startsWith('demand'));
    });
    expect(heard).toEqual([
      'demand.changed developer 7/0',
      'demand.changed developer 3/0',
      'demand.changed developer 1/0',
      'demand.changed developer 0/0',
    ]);
  });

  it('is told when the first fitting agent comes and when the last one goes', () => {
    const run = scheduler();
    run.decide(submitRun(tasks(3)));
    run.settle();
    run.happened(registered('agent-1'), registered('agent-2'));
    expect(told(run.settle()).at(-1)).toBe('demand.changed developer 1/2');
    run.happened(suspected('agent-1'), lost('agent-2'));
    expect(told(run.settle())).toEqual([]);
    run.happened(deregistered('agent-1'));
    expect(told(run.settle())).toEqual(['demand.changed developer 1/0']);
  });

  it('counts suspected and busy agents as fitting', () => {
    const run = scheduler().happened(registered('agent-1'), registered('agent-2'), suspected('agent-2'));
    run.decide(submitRun(tasks(2)));
    expect(told(run.settle())).toEqual(['task.assigned run-1.t0 #1 → agent-1', 'demand.changed developer 1/2']);
    run.decide(completeTask('t0'));
    expect(told(run.settle())).toEqual(['task.assigned run-1.t1 #1 → agent-1', 'demand.changed developer 0/2']);
  });

  it('is kept by a snapshot', () => {
    const run = scheduler();
    run.decide(submitRun(tasks(5)));
    run.settle();
    expect(run.restart().settle()).toEqual([]);
    run.happened(registered('agent-1'));
    expect(told(run.settle()).at(-1)).toBe('demand.changed developer 4/1');
  });

  it('is forgotten once nobody has it, so that it does not pile up', () => {
    const run = scheduler();
    for (let i = 0; i < 3 * DEMANDS_IDLE_MAX; i++) {
      run.decide(submitRun([task(`t${i}`, { role: `role-${i}` })], { runId: `run-${i}` }));
      run.decide(cancelTask(`t${i}`));
      run.settle();
    }
    expect(run.state.matching.roles.size).toBeLessThanOrEqual(DEMANDS_IDLE_MAX + 1);
  });
});
