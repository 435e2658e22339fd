import { given } from '@torch/testing';
import { defined, exited, NOW_MS, requested, spawned, spawner } from './history.fixture';
import { spawnerDeciderWith } from './spawner.decider';
import { SPAWNER_LIMITS } from './spawner.state';

const fenced = (spawnId = 's-a1', node = 'n1') => ({ type: 'RecordFencedProcess', data: { agentId: 'a1', spawnId, node, pid: 42 } });

describe('a process that the log does not know', () => {
  it('is recorded', () => {
    spawner()
      .when(fenced())
      .then([
        {
          type: 'process.fenced',
          data: {
            agentId: 'a1',
            spawnId: 's-a1',
            node: 'n1',
            pid: 42,
            reason: 'The log holds no spawn s-a1 of agent a1, or it has ended.',
            fencedAtMs: NOW_MS,
          },
        },
      ]);
  });

  it('is recorded when another spawn of the same agent is known, or its own has ended', () => {
    expect(spawner(defined(), requested()).run.decide(fenced('s-lost'))).toHaveLength(1);
    expect(spawner(defined(), requested(), exited()).run.decide(fenced())).toHaveLength(1);
  });

  it('is recorded once, through a restart too', () => {
    const { run } = spawner();
    expect(run.decide(fenced())).toHaveLength(1);
    expect(run.restart().decide(fenced())).toEqual([]);
    expect(run.digest(run.replayed())).toBe(run.digest());
  });

  it('is recorded so often for each node and time', () => {
    const limits = { ...SPAWNER_LIMITS, fenced: { perReporterMax: 2, windowMs: 1000, reportersMax: 10 } };
    const { run } = given(spawnerDeciderWith(limits), [], NOW_MS);
    for (const spawnId of ['s1', 's2']) expect(run.decide(fenced(spawnId))).toHaveLength(1);
    expect(run.tryToDecide(fenced('s3'))).toMatchObject({ code: 'too-many-fenced' });
    expect(run.decide(fenced('s3', 'n2'))).toHaveLength(1);
    expect(run.at(NOW_MS + 1000).decide(fenced('s3'))).toHaveLength(1);
  });
});

it('a process that the log knows is not fenced', () => {
  spawner(defined(), requested()).when(fenced()).thenNothing();
  spawner(defined(), requested(), spawned()).when(fenced()).thenNothing();
});
