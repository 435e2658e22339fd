import type { Habit } from './habits';
import type { SimulatedAgent } from './simulated-agent';

/** What an agent was given to do. */
export interface Held {
  readonly taskId: string;
  readonly attempt: number;
  readonly assignment: string;
}

/** Later than any lease of the simulated tasks, ms. */
const LATE_MS = 25_000;

/** One attempt, as the agent carries it out: well, badly, or not at all. */
export class Attempt {
  private isStopped = false;

  constructor(
    private readonly agent: SimulatedAgent,
    readonly held: Held,
    private readonly habit: Habit,
  ) {}

  get isFaulty(): boolean {
    return this.habit.fault !== undefined;
  }

  /** The agent was told that the attempt is over. One that keeps old attempts goes on all the same. */
  stop(): void {
    this.isStopped = this.habit.fault !== 'agent-old-attempt';
    this.agent.ended(this);
  }

  unknownToTheLog(): void {
    if (this.habit.fault === 'agent-hang') return;
    this.stop();
    void this.agent.tell('RecordFencedAttempt', { ...this.held }, 3);
  }

  async run(): Promise<void> {
    const { agent, held, habit } = this;
    const { fault, workMs } = habit;
    if (fault === 'agent-crash' && agent.chance.chance(0.3)) return agent.crash();
    if (fault !== 'agent-lies') await agent.tell('StartTask', held);
    if (fault === 'agent-hang') return;
    for (let i = 0; i < habit.reports && !this.isStopped; i++) await this.report(i);
    await this.besides();
    await this.work(fault === 'agent-late' || fault === 'agent-old-attempt' ? LATE_MS : workMs);
    if (this.isStopped) return;
    if (fault === 'agent-crash') return agent.crash();
    await this.finish();
    if (fault === 'agent-twice') await this.finish(agent.chance.chance(0.5));
    agent.ended(this);
  }

  /** Claims a path while it works, or asks somebody: what agents may do in the middle of an attempt. */
  private async besides(): Promise<void> {
    const { agent, held, habit } = this;
    const { taskId } = held;
    if (habit.claims !== undefined) {
      const claimId = `${held.assignment}.claim`;
      await agent.tell('ClaimPaths', { claimId, taskId, paths: [{ path: habit.claims, mode: 'exclusive' }], leaseMs: 8000 }, 3);
      if (agent.chance.chance(0.5)) await agent.tell('ReleaseClaim', { claimId }, 3);
    }
    if (habit.asks) {
      const approvalId = `${held.assignment}.question`;
      await agent.tell('RequestApproval', { ...held, approvalId, question: 'Shall I?', timeoutMs: 5000, onTimeout: 'approve' }, 3);
    }
  }

  private async report(step: number): Promise<void> {
    const { agent, held, habit } = this;
    const percent = habit.fault === 'agent-lies' ? agent.chance.int(0, 100) : (step + 1) * 10;
    const usage = { inputTokens: (step + 1) * 100, outputTokens: (step + 1) * 20, costUsd: (step + 1) * 0.01, model: 'simulated' };
    await agent.tell('ReportProgress', { ...held, percent, usage }, 3);
    if (habit.fault === 'agent-lies')
      await agent.tell('ReportProgress', { ...held, attempt: held.attempt + 1, note: 'of an attempt that nobody made' }, 1);
    await this.work(habit.workMs / 4);
  }

  private async finish(changedItsMind = false): Promise<void> {
    const { agent, held, habit } = this;
    const { outcome } = habit;
    const durationMs = Math.round(habit.workMs);
    if (outcome === 'complete' && !changedItsMind) {
      const usage = { inputTokens: 1000, outputTokens: 200, costUsd: 0.1, model: 'simulated' };
      await agent.tell('CompleteTask', { ...held, exitCode: 0, durationMs, usage, evidence: { exitCode: 0 } });
      return;
    }
    const classes = { complete: 'retryable', fail: 'retryable', 'fail-for-good': 'permanent', 'rate-limited': 'rate-limited' } as const;
    const limited = outcome === 'rate-limited' && { retryAtMs: agent.process.nowMs() + 5000 };
    const failure = { class: classes[outcome], reason: 'exit-code', message: 'It did not work out.', exitCode: 1, durationMs };
    await agent.tell('FailTask', { ...held, ...failure, ...limited });
  }

  private work(ms: number): Promise<void> {
    return new Promise((over) => this.agent.process.after(ms, over));
  }
}
