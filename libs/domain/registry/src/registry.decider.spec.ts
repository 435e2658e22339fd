import { given, type SpecEvent } from '@torch/testing';
import { createProject } from './registration.rules';
import { registryDecider, registryDeciderWith } from './registry.decider';
import { listAgents } from './registry.views';

const NOW_MS = 5000;
const registration = { agentId: 'dev-1', role: 'developer', skills: ['ts'], harness: 'exec', instance: 'i-1' };
const registered = (agentId = 'dev-1', more: object = {}): SpecEvent => ({
  type: 'agent.registered',
  data: { ...registration, agentId, name: agentId, capacity: 1, registeredAtMs: 1000, ...more },
});
const suspected = (agentId = 'dev-1'): SpecEvent => ({
  type: 'agent.suspected',
  data: { agentId, lastSeenAtMs: 2000, suspectedAtMs: 3000 },
});
const lost = (agentId = 'dev-1'): SpecEvent => ({
  type: 'agent.lost',
  data: { agentId, reason: 'Silence.', lastSeenAtMs: 2000, lostAtMs: 4000 },
});
const deregistered = (agentId = 'dev-1'): SpecEvent => ({
  type: 'agent.deregistered',
  data: { agentId, reason: 'Done.', deregisteredAtMs: 4000 },
});

const register = (more: object = {}) => ({ type: 'RegisterAgent', data: { ...registration, ...more } });
const deregister = { type: 'DeregisterAgent', data: { agentId: 'dev-1', reason: 'Done.' } };
const suspect = { type: 'SuspectAgent', data: { agentId: 'dev-1', instance: 'i-1', lastSeenAtMs: 2000 } };
const lose = { type: 'LoseAgent', data: { agentId: 'dev-1', instance: 'i-1', reason: 'Silence.', lastSeenAtMs: 2000 } };
const recover = { type: 'RecoverAgent', data: { agentId: 'dev-1', instance: 'i-1' } };

const registry = (...past: SpecEvent[]) => given(registryDecider, past, NOW_MS);

describe('a project', () => {
  it('is created once', () => {
    registry()
      .when({ type: 'CreateProject', data: {} })
      .then([{ type: 'project.created', data: { createdAtMs: NOW_MS } }]);
    registry({ type: 'project.created', data: { createdAtMs: 1 } })
      .when({ type: 'CreateProject', data: {} })
      .thenRejected('project-exists');
  });

  it('is never the one that Torch keeps its own events in', () => {
    expect(() => createProject(registryDecider.initialState(), 'torch', NOW_MS)).toThrow("Torch's own");
  });

  it('says once what its acknowledgements promise, and again when that changes', () => {
    const created = { type: 'project.created', data: { createdAtMs: 1 } };
    const set = (durability: string) => ({ type: 'project.durability-set', data: { durability, setAtMs: NOW_MS } });
    const command = (durability: string) => ({ type: 'SetProjectDurability', data: { durability } });
    registry(created)
      .when(command('memory'))
      .then([set('memory')]);
    registry(created, set('memory')).when(command('memory')).then([]);
    registry(created, set('memory'))
      .when(command('archived'))
      .then([set('archived')]);
    registry().when(command('memory')).thenRejected('unknown-project');
  });
});

describe('an unknown agent', () => {
  it('registers with its id as its name and a capacity of one, its skills sorted and each once', () => {
    registry()
      .when(register({ skills: ['ts', 'go', 'ts'] }))
      .then([
        { type: 'agent.registered', data: { ...registration, skills: ['go', 'ts'], name: 'dev-1', capacity: 1, registeredAtMs: NOW_MS } },
      ]);
  });

  it('cannot take the name under which people are addressed', () => {
    registry()
      .when(register({ agentId: 'operator' }))
      .thenRejected('reserved-agent-id');
  });

  it.each([deregister, suspect, lose, recover])('is refused in $type', (command) => {
    registry().when(command).thenRejected('unknown-agent');
  });

  it('is refused when the project has as many agents as it may have', () => {
    const decider = registryDeciderWith({ agentsPresentMax: 1 });
    given(decider, [registered('dev-2')])
      .when(register())
      .thenRejected('too-many-agents');
    expect(given(decider, [registered('dev-2'), lost('dev-2')]).run.decide(register())).toHaveLength(1);
    expect(given(decider, [registered()]).run.decide(register({ instance: 'i-2' }))).toHaveLength(1);
  });
});

describe('a live agent', () => {
  it('may register again and again without a further event', () => {
    registry(registered()).when(register()).thenNothing();
  });

  it('is registered anew when its attributes have changed', () => {
    registry(registered())
      .when(register({ capacity: 3 }))
      .then([{ type: 'agent.registered', data: { ...registration, name: 'dev-1', capacity: 3, registeredAtMs: NOW_MS } }]);
  });

  it('is taken over by another instance, and never taken back by the one before', () => {
    const { run } = registry(registered());
    expect(run.decide(register({ instance: 'i-2' }))).toHaveLength(1);
    expect(run.tryToDecide(register({ instance: 'i-1' }))).toMatchObject({ code: 'stale-instance' });
    expect(run.restart().tryToDecide(register({ instance: 'i-1' }))).toMatchObject({ code: 'stale-instance' });
  });

  it('is suspected, with the moment it was last seen', () => {
    registry(registered())
      .when(suspect)
      .then([{ type: 'agent.suspected', data: { agentId: 'dev-1', lastSeenAtMs: 2000, suspectedAtMs: NOW_MS } }]);
  });

  it('is lost without having been suspected when a node saw its process end', () => {
    registry(registered())
      .when({ type: 'LoseAgent', data: { agentId: 'dev-1', reason: 'Exited.', lastSeenAtMs: 2000 } })
      .then([{ type: 'agent.lost', data: { agentId: 'dev-1', reason: 'Exited.', lastSeenAtMs: 2000, lostAtMs: NOW_MS } }]);
  });

  it('has nothing to recover from', () => {
    registry(registered()).when(recover).thenNothing();
  });

  it.each([suspect, lose, recover])('is left alone by $type about an older instance', (command) => {
    registry(registered(), registered('dev-1', { instance: 'i-2' }))
      .when(command)
      .thenRejected('stale-instance');
  });
});

describe('a suspected agent', () => {
  it('is suspected once', () => registry(registered(), suspected()).when(suspect).thenNothing());

  it('recovers', () => {
    registry(registered(), suspected())
      .when(recover)
      .then([{ type: 'agent.recovered', data: { agentId: 'dev-1', recoveredAtMs: NOW_MS } }]);
  });

  it('is lost', () => expect(registry(registered(), suspected()).run.decide(lose)).toMatchObject([{ type: 'agent.lost' }]));

  it('is live again when it registers again', () => {
    const { run } = registry(registered(), suspected());
    expect(run.decide(register())).toMatchObject([{ type: 'agent.recovered' }]);
    expect(run.state.agents.get('dev-1')?.presence).toBe('live');
  });
});

describe('a lost agent', () => {
  it('is lost once and not suspected after that', () => {
    registry(registered(), lost()).when(lose).thenNothing();
    registry(registered(), lost()).when(suspect).thenNothing();
  });

  it('recovers', () => expect(registry(registered(), lost()).run.decide(recover)).toMatchObject([{ type: 'agent.recovered' }]));

  it('stays lost while the project has as many agents as it may have', () => {
    const decider = registryDeciderWith({ agentsPresentMax: 1 });
    given(decider, [registered(), lost(), registered('dev-2')])
      .when(recover)
      .thenRejected('too-many-agents');
  });
});

describe('a deregistered agent', () => {
  it('is deregistered once', () => registry(registered(), deregistered()).when(deregister).thenNothing());

  it('is not lost, and has to register again', () => {
    registry(registered(), deregistered()).when(lose).thenNothing();
    registry(registered(), deregistered()).when(recover).thenRejected('agent-deregistered');
    expect(registry(registered(), deregistered()).run.decide(register())).toMatchObject([{ type: 'agent.registered' }]);
  });
});

describe('agents that are gone', () => {
  it('are forgotten, the one that has been gone for longest first', () => {
    const decider = registryDeciderWith({ agentsGoneMax: 2 });
    const past = ['a', 'b', 'c'].map((id) => registered(id));
    const { run } = given(decider, [...past, lost('b'), lost('a'), deregistered('c')]);
    expect([...run.state.agents.keys()]).toEqual(['a', 'c']);
    expect(listAgents(run.state, {}, () => undefined).agents.map(({ agentId }) => agentId)).toEqual(['a', 'c']);
  });
});

describe('an agent that was lost and is then deregistered', () => {
  it('is forgotten in the order of its deregistration, through a restart too', () => {
    const decider = registryDeciderWith({ agentsGoneMax: 2 });
    const { run } = given(decider, [...['a', 'b', 'c'].map((id) => registered(id)), lost('a'), lost('b'), deregistered('a')]);
    expect([...run.state.gone]).toEqual(['b', 'a']);
    expect([...run.restart().happened(lost('c')).state.agents.keys()]).toEqual(['a', 'c']);
  });
});

describe('the instances that an agent has replaced', () => {
  it('are remembered up to a limit, the latest of them', () => {
    const decider = registryDeciderWith({ replacedInstancesMax: 2 });
    const { run } = given(
      decider,
      ['i-1', 'i-2', 'i-3', 'i-4'].map((instance) => registered('dev-1', { instance })),
    );
    expect(run.state.agents.get('dev-1')?.replacedInstances).toEqual(['i-2', 'i-3']);
  });
});
