import { Logger } from '@nestjs/common';
import type { Heartbeat } from '@torch/contracts';
import { AgentExitReactor } from '../reactors/agent-exit.reactor';
import { RegistryHandlers } from '../api/registry.handlers';
import { REGISTRY_DEFAULTS } from '../registry.config';
import { OWNED_AT_MS, OwnerDouble } from './owner.fixture';
import { PresenceWatch } from './presence-watch.adapter';

describe('the watch over signs of life', () => {
  let owner: OwnerDouble;
  let watch: PresenceWatch;
  let handlers: RegistryHandlers;

  beforeAll(() => Logger.overrideLogger(false));
  beforeEach(() => {
    owner = new OwnerDouble();
    owner.decide('CreateProject', {});
    register('i-1');
    watch = new PresenceWatch(REGISTRY_DEFAULTS);
    handlers = new RegistryHandlers(watch);
    watch.onOwned(owner, OWNED_AT_MS);
  });

  const register = (instance: string) =>
    owner.decide('RegisterAgent', { agentId: 'dev-1', role: 'developer', skills: [], harness: 'exec', instance });
  const beat = (more: Partial<Heartbeat> = {}) => handlers.heartbeat({ agentId: 'dev-1', instance: 'i-1', ...more }, owner.reading());

  async function lookAt(afterMs: number): Promise<void> {
    owner.nowMs = OWNED_AT_MS + afterMs;
    watch.look(owner.nowMs);
    await new Promise(setImmediate);
  }

  /** Looks once a second, as the watch does by itself; `each` is what happens before each look. */
  async function lookUntil(afterMs: number, each: (afterMs: number) => void = () => undefined): Promise<void> {
    for (let next = owner.nowMs - OWNED_AT_MS + 1000; next <= afterMs; next += 1000) {
      owner.nowMs = OWNED_AT_MS + next;
      each(next);
      await lookAt(next);
    }
  }

  const presence = () => owner.state().agents.get('dev-1')?.presence;

  it('accuses nobody while it is new, then suspects and loses who stays silent', async () => {
    await lookUntil(14_000);
    expect(owner.commands).toEqual([]);
    await lookUntil(16_000);
    expect(owner.commands).toEqual(['SuspectAgent']);
    await lookUntil(27_000);
    expect(owner.commands).toEqual(['SuspectAgent', 'LoseAgent']);
    expect(presence()).toBe('lost');
  });

  it('leaves an agent alone that keeps its heartbeat up, and brings one back that resumes it', async () => {
    await lookUntil(16_000);
    expect(presence()).toBe('suspected');
    expect(beat()).toEqual({ known: true });
    await lookUntil(17_000);
    expect(presence()).toBe('live');
    await lookUntil(60_000, () => beat());
    expect(owner.commands).toEqual(['SuspectAgent', 'RecoverAgent']);
  });

  it('keeps an agent whose process runs, however long it is silent, and loses it when that is gone', async () => {
    await lookUntil(90_000, () => beat({ evidence: 'process' }));
    expect(presence()).toBe('suspected');
    beat({ evidence: 'process', gone: true });
    await lookUntil(91_000);
    expect(presence()).toBe('lost');
  });

  it('does not know another instance, and does not take its heartbeat for that of the agent', async () => {
    expect(beat({ instance: 'i-2' })).toEqual({ known: false });
    await lookUntil(16_000);
    expect(presence()).toBe('suspected');
  });

  it('answers many heartbeats at once, each by its place', () => {
    const heartbeats = ['i-1', 'i-2'].map((instance) => ({ agentId: 'dev-1', instance }));
    expect(handlers.heartbeats({ heartbeats }, owner.reading())).toEqual({ answers: [{ known: true }, { known: false }] });
  });

  it('answers when an agent was last seen, and how', () => {
    owner.nowMs += 5000;
    beat({ evidence: 'connection' });
    const { agent, seen } = handlers.getAgent({ agentId: 'dev-1' }, owner.reading());
    expect(agent?.lastSeenAtMs).toBe(OWNED_AT_MS + 5000);
    expect(seen).toEqual({ connectionAtMs: OWNED_AT_MS + 5000 });
    expect(handlers.listAgents({}, owner.reading()).agents[0]?.lastSeenAtMs).toBe(OWNED_AT_MS + 5000);
  });

  it('says that an agent is starting until it is heard; who was there before this owner is not', () => {
    const state = () => handlers.getAgent({ agentId: 'dev-1' }, owner.reading()).agent?.state;
    expect(state()).toBe('idle');
    register('i-2');
    expect(state()).toBe('starting');
    beat({ instance: 'i-2' });
    expect(state()).toBe('idle');
  });

  it('says it again with the next look when a command did not get through', async () => {
    owner.failing = true;
    await lookUntil(16_000);
    expect(presence()).toBe('live');
    owner.failing = false;
    await lookUntil(17_000);
    expect(presence()).toBe('suspected');
  });

  it.each([900_000, -900_000])('gives everybody grace again when the clock was moved by %d ms', async (movedMs) => {
    await lookUntil(5000, () => beat());
    const behindMs = 5000 + movedMs;
    await lookAt(behindMs);
    await lookUntil(behindMs + 14_000);
    expect(owner.commands).toEqual([]);
    await lookUntil(behindMs + 26_000);
    expect(owner.commands).toEqual(['SuspectAgent', 'LoseAgent']);
  });

  it('forgets everything with the partition', async () => {
    watch.onReleased(3);
    await lookUntil(60_000);
    expect(owner.commands).toEqual([]);
  });

  it('takes the end of its process for the end of the agent, but not that of an older one', () => {
    const exited = (spawnId: string) =>
      new AgentExitReactor().onAgentExited(
        { data: { agentId: 'dev-1', spawnId, reason: 'killed', crashed: true, retryAtMs: 0, exitedAtMs: 0 } } as never,
        owner.reading() as never,
      );
    expect(exited('i-0')).toEqual([]);
    expect(exited('i-1')).toMatchObject([
      { type: 'LoseAgent', data: { agentId: 'dev-1', instance: 'i-1', reason: 'Its process ended: killed' } },
    ]);
  });
});
