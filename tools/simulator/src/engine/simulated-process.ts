import type { HostClock } from '@torch/host';
import type { SeededRandom } from '@torch/testing';
import type { VirtualTime } from './virtual-time';

/**
 * A process of the simulated world, as its own clock and chance. It may be paused as by SIGSTOP, killed as by SIGKILL, and
 * its clock may jump; what it has sent is on its way all the same.
 */
export class SimulatedProcess implements HostClock {
  private state: 'running' | 'paused' | 'dead' = 'running';
  private held: (() => void)[] = [];
  private ids = 0;
  private readonly onKilled: (() => void)[] = [];
  /** By how much its clock is wrong, ms. */
  clockErrorMs = 0;

  constructor(
    readonly name: string,
    private readonly time: VirtualTime,
    private readonly chance: SeededRandom,
  ) {}

  get isAlive(): boolean {
    return this.state !== 'dead';
  }

  get isRunning(): boolean {
    return this.state === 'running';
  }

  nowMs(): number {
    return this.time.nowMs + this.clockErrorMs;
  }

  monotonicMs(): number {
    return this.time.nowMs;
  }

  after(ms: number, call: () => void): () => void {
    let wanted = true;
    const cancel = this.time.after(ms, () => this.happen(() => wanted && call()));
    return () => {
      wanted = false;
      cancel();
    };
  }

  soon(call: () => void): void {
    this.after(0, call);
  }

  random(): number {
    return this.chance.next();
  }

  readonly newId = (): string => `${this.name}.${++this.ids}`;

  /** Whatever reaches the process from outside: at once, at the end of its pause, or never. */
  happen(call: () => void): void {
    if (this.state === 'running') call();
    else if (this.state === 'paused') this.held.push(call);
  }

  pause(): void {
    if (this.state === 'running') this.state = 'paused';
  }

  resume(): void {
    if (this.state !== 'paused') return;
    this.state = 'running';
    for (const call of this.held.splice(0)) call();
  }

  kill(): void {
    if (this.state === 'dead') return;
    this.state = 'dead';
    this.held = [];
    for (const call of this.onKilled.splice(0)) call();
  }

  /** What the rest of the world notices: connections that are closed. */
  whenKilled(call: () => void): void {
    this.onKilled.push(call);
  }
}
