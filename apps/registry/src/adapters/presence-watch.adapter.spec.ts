import { Logger } from '@nestjs/common';
import { registryDecider, type RegistryState } from '@torch/domain-registry';
import type { OwnCommand, OwnedPartition } from '@torch/host';
import type { AnyCommand, AnyEvent } from '@torch/kernel';
import { AgentExitReactor } from '../reactors/agent-exit.reactor';
import { RegistryHandlers } from '../api/registry.handlers';
import { REGISTRY_DEFAULTS } from '../registry.config';
import { PresenceWatch } from './presence-watch.adapter';

const PROJECT = 'shop';
const OWNED_AT_MS = 1_000_000;

/** An owner of one partition with the real rules, whose commands take effect at once. */
class OwnerDouble implements OwnedPartition<RegistryState> {
  readonly partition = 3;
  readonly commands: string[] = [];
  nowMs = OWNED_AT_MS;
  failing = false;
  private current = registryDecider.initialState();

  projects = (): string[] => [PROJECT];
  state = (): RegistryState => this.current;

  submit(_project: string, { type, data }: OwnCommand): Promise<void> {
    if (this.failing) return Promise.reject(new Error('The lease is lost.'));
    this.commands.push(type);
    this.decide(type, data);
    return Promise.resolve();
  }

  decide(type: string, data: unknown): void {
    const command = { type, data, project: PROJECT, actor: 'service:registry', correlationId: 'c' } as AnyCommand;
    for (const event of registryDecider.decide(this.current, command as never, { nowMs: this.nowMs, newId: () => 'id' })) {
      this.current = registryDecider.evolve(this.current, {
        ...event,
        v: 1,
        project: PROJECT,
        actor: 'x',
        correlationId: 'c',
      } as AnyEvent as never);
    }
  }
}

describe('the watch over heartbeats', () => {
  let owner: OwnerDouble;
  let watch: PresenceWatch;
  let handlers: RegistryHandlers;

  beforeAll(() => Logger.overrideLogger(false));
  beforeEach(() => {
    owner = new OwnerDouble();
    owner.decide('CreateProject', {});
    owner.decide('RegisterAgent', { agentId: 'dev-1', role: 'developer', skills: [], harness: 'exec', instance: 'i-1' });
    watch = new PresenceWatch(REGISTRY_DEFAULTS);
    handlers = new RegistryHandlers(watch);
    watch.onOwned(owner, OWNED_AT_MS);
  });

  const reading = () => ({ partition: 3, project: PROJECT, nowMs: owner.nowMs, state: owner.state() });
  const beat = (instance = 'i-1') => handlers.heartbeat({ agentId: 'dev-1', instance }, reading());

  async function lookAt(afterMs: number): Promise<void> {
    owner.nowMs = OWNED_AT_MS + afterMs;
    watch.look(owner.nowMs);
    await new Promise(setImmediate);
  }

  const presence = () => owner.state().agents.get('dev-1')?.presence;

  it('accuses nobody while it is new, then suspects and loses who stays silent', async () => {
    await lookAt(14_000);
    expect(owner.commands).toEqual([]);
    await lookAt(16_000);
    expect(owner.commands).toEqual(['SuspectAgent']);
    await lookAt(26_000);
    await lookAt(27_000);
    expect(owner.commands).toEqual(['SuspectAgent', 'LoseAgent']);
    expect(presence()).toBe('lost');
  });

  it('leaves an agent alone that keeps its heartbeat up, and brings one back that resumes it', async () => {
    await lookAt(16_000);
    expect(presence()).toBe('suspected');
    expect(beat()).toEqual({ known: true });
    await lookAt(17_000);
    expect(presence()).toBe('live');
    for (let second = 18; second < 60; second += 3) {
      beat();
      await lookAt(second * 1000);
    }
    expect(owner.commands).toEqual(['SuspectAgent', 'RecoverAgent']);
  });

  it('does not know another instance, and does not take its heartbeat for that of the agent', async () => {
    expect(beat('i-2')).toEqual({ known: false });
    await lookAt(16_000);
    expect(presence()).toBe('suspected');
  });

  it('answers when an agent was last seen', () => {
    owner.nowMs += 5000;
    beat();
    expect(handlers.getAgent({ agentId: 'dev-1' }, reading()).agent?.lastSeenAtMs).toBe(OWNED_AT_MS + 5000);
    expect(handlers.listAgents({}, reading()).agents[0]?.lastSeenAtMs).toBe(OWNED_AT_MS + 5000);
  });

  it('says it again with the next look when a command did not get through', async () => {
    owner.failing = true;
    await lookAt(16_000);
    expect(presence()).toBe('live');
    owner.failing = false;
    await lookAt(17_000);
    expect(presence()).toBe('suspected');
  });

  it('forgets everything with the partition', async () => {
    watch.onReleased(3);
    await lookAt(60_000);
    expect(owner.commands).toEqual([]);
  });

  it('takes the end of its process for the end of the agent, but not that of an older one', () => {
    const exited = (spawnId: string) =>
      new AgentExitReactor().onAgentExited(
        { data: { agentId: 'dev-1', spawnId, reason: 'killed', crashed: true, retryAtMs: 0, exitedAtMs: 0 } } as never,
        reading() as never,
      );
    expect(exited('i-0')).toEqual([]);
    expect(exited('i-1')).toMatchObject([
      { type: 'LoseAgent', data: { agentId: 'dev-1', instance: 'i-1', reason: 'Its process ended: killed' } },
    ]);
  });
});
