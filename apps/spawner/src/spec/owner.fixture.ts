import type { PoolSpec, RecordExited } from '@torch/contracts';
import { spawnerDecider, type SpawnerState } from '@torch/domain-spawner';
import type { EffectContext, OwnCommand, OwnedPartition } from '@torch/host';
import type { AnyCommand, AnyEvent } from '@torch/kernel';

/** An owner of one partition and project with the spawner's own rules, whose commands take effect at once. */
export class OwnerDouble implements OwnedPartition<SpawnerState> {
  readonly partition = 0;
  readonly project = 'shop';
  commands: OwnCommand[] = [];
  private current = spawnerDecider.initialState();
  private ids = 0;
  private poolSpec?: PoolSpec;

  timeMs = (): number => Date.now();
  projects = (): string[] => [this.project];
  state = (): SpawnerState => this.current;

  submit(_project: string, command: OwnCommand): Promise<void> {
    this.commands.push(command);
    this.submitNow(command.type, command.data);
    return Promise.resolve();
  }

  submitNow(type: string, data: unknown): void {
    const command = { type, data, project: this.project, actor: 'service:spawner', correlationId: 'c' } as AnyCommand;
    for (const event of spawnerDecider.decide(this.current, command as never, { nowMs: Date.now(), newId: () => `id-${this.ids++}` }))
      this.take(event);
  }

  /** A pool of one kind of agent, and a start of one of them. */
  requestSpawn(pool: Partial<PoolSpec>): { agentId: string; spawnId: string } {
    this.poolSpec = {
      poolId: 'p1',
      role: 'developer',
      skills: [],
      runtime: 'process',
      harness: 'exec',
      min: 0,
      max: 10,
      capacity: 1,
      memoryMib: 1024,
      crashesMax: 100,
      ...pool,
    };
    const n = this.ids++;
    const requested = {
      agentId: `dev-${n}`,
      poolId: 'p1',
      spawnId: `spawn-${n}`,
      reason: 'A test asked for it.',
      requestedAtMs: Date.now(),
    };
    this.take({ type: 'pool.defined', subject: 'pool/p1', data: { pool: this.poolSpec, definedAtMs: Date.now() } });
    this.take({ type: 'agent.spawn-requested', subject: `agent/${requested.agentId}`, data: requested });
    return requested;
  }

  pool(): PoolSpec {
    return this.poolSpec as PoolSpec;
  }

  data(type: 'RecordExited' | string): RecordExited[] {
    return this.commands.filter((command) => command.type === type).map((command) => command.data as RecordExited);
  }

  forgetReports(): void {
    this.commands = [];
  }

  forgetEverything(): void {
    this.current = spawnerDecider.initialState();
  }

  effectContext(): EffectContext<SpawnerState> {
    return { partition: this.partition, state: this.state, submit: (command) => this.submit(this.project, command) };
  }

  private take(event: Pick<AnyEvent, 'type' | 'subject' | 'data'>): void {
    const whole: AnyEvent = { ...event, v: 1, project: this.project, actor: 'service:spawner', correlationId: 'c' };
    this.current = spawnerDecider.evolve(this.current, whole as never);
  }
}
