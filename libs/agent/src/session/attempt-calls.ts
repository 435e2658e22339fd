import { randomUUID } from 'node:crypto';
import type { AgentPause, ClaimHolder, ClaimMode, PathClaim, RequestApproval } from '@torch/contracts';
import type { AttemptName } from '../http/gateway.answers';
import { pauseMs, type RetryConfig, waitMs } from '../http/backoff';
import { GatewayClient } from '../http/gateway.client';
import { GatewayProblem } from '../http/gateway.errors';
import type { ProjectClient } from '../http/project.client';
import { ClaimRenewal, type ClaimRenewalOptions } from './claim-renewal';
import type { Progress } from './harness';

/** A lease that is not given: short enough to be free soon after a crash, renewed while the claim is held. */
export const CLAIM_RENEWED_LEASE_MS = 60_000;
const LOOK_MS = 200;
const LOOK_MS_MAX = 3000;
/** Whoever waits for a person also waits until Torch is back. */
const PATIENT: RetryConfig = { attemptsMax: Infinity, budgetMs: Infinity, pauseMs: 100, pauseMsMax: 5000 };

export type Question = Pick<RequestApproval, 'question' | 'options' | 'timeoutMs' | 'onTimeout' | 'escalateTo'> & {
  /** Asked again under the same id, it is the same question; default: a fresh one. */
  readonly approvalId?: string;
};

/** `withdrawn`: the task or the attempt has ended, and no answer will come. */
export type Answer =
  | { readonly approvalId: string; readonly status: 'answered'; readonly option: string; readonly note?: string; readonly by?: string }
  | { readonly approvalId: string; readonly status: 'withdrawn' };

/** All of the paths, or none; `heldBy` is who was in the way, unless they are kept for a task that has waited long for them. */
export type ClaimOutcome =
  | { readonly granted: true; readonly claimId: string; readonly leaseUntilMs?: number }
  | { readonly granted: false; readonly claimId: string; readonly heldBy?: ClaimHolder };

export interface ClaimOptions {
  readonly claimId?: string;
  /** Of the paths that are given as text; default exclusive. */
  readonly mode?: ClaimMode;
  /** Default `CLAIM_RENEWED_LEASE_MS`. */
  readonly leaseMs?: number;
  /** Keep the lease up until the release or the end of the attempt; default true. */
  readonly renew?: boolean;
  /** The renewed claim was lost: somebody else may have the paths. */
  onLost?(error: unknown): void;
}

export interface AttemptCallsOptions {
  readonly project: ProjectClient;
  readonly attempt: AttemptName;
  readonly agentId: string;
  /** Of this start of the agent; only pauses need it. */
  readonly instance?: string;
  /** Aborts when the attempt is over. */
  readonly signal?: AbortSignal;
}

/**
 * What the work on one attempt may ask of Torch while it goes on. Calls reject with `GatewayProblem` when Torch says no, with
 * `GatewayUnreachable` when it does not answer for too long, and with the signal's reason when the attempt is over.
 */
export class AttemptCalls {
  private readonly renewals = new Map<string, ClaimRenewal>();

  constructor(private readonly options: AttemptCallsOptions) {
    options.signal?.addEventListener('abort', () => this.close(), { once: true });
  }

  /**
   * In a process that the exec harness has started: from its environment.
   *
   * @throws RangeError naming the variable that is missing.
   */
  static fromEnvironment(env: NodeJS.ProcessEnv = process.env, signal?: AbortSignal): AttemptCalls {
    const needed = (name: string): string => {
      const value = env[name];
      if (!value) throw new RangeError(`${name} is not set: this process was not started for an attempt of a task.`);
      return value;
    };
    const attempt = {
      taskId: needed('TORCH_TASK_ID'),
      attempt: Number(needed('TORCH_ATTEMPT')),
      assignment: needed('TORCH_ASSIGNMENT'),
    };
    const project = new GatewayClient({ url: needed('TORCH_URL'), token: env.TORCH_TOKEN }).project(needed('TORCH_PROJECT'));
    return new AttemptCalls({ project, attempt, agentId: needed('TORCH_AGENT_ID'), instance: env.TORCH_AGENT_INSTANCE, signal });
  }

  /** Usage is everything since the attempt began. A harness rather uses its context's `progress`, which bounds how often it reports. */
  async progress(report: Progress): Promise<void> {
    const { project, attempt, agentId, signal } = this.options;
    await project.attempt(attempt).progress({ agentId, ...report }, { signal });
  }

  /** Never waits for a claim: whoever is refused gives up what it holds, or does something else. Ends with the attempt. */
  async claim(paths: readonly (string | PathClaim)[], options: ClaimOptions = {}): Promise<ClaimOutcome> {
    const { mode = 'exclusive', leaseMs = CLAIM_RENEWED_LEASE_MS, claimId = `claim-${randomUUID()}` } = options;
    const { project, attempt, agentId, signal } = this.options;
    const wanted = paths.map((path) => (typeof path === 'string' ? { path, mode } : path));
    const ask = (during?: AbortSignal) =>
      project.claims.claim({ claimId, agentId, taskId: attempt.taskId, paths: wanted, leaseMs }, { signal: during });
    try {
      const { leaseUntilMs } = await ask(signal);
      if (options.renew !== false) this.renew(claimId, { renew: ask, leaseMs, onLost: options.onLost });
      return { granted: true, claimId, ...(leaseUntilMs !== undefined && { leaseUntilMs }) };
    } catch (error) {
      if (!(error instanceof GatewayProblem)) throw error;
      if (error.code === 'paths-taken') return { granted: false, claimId };
      if (error.code !== 'claim-held') throw error;
      return { granted: false, claimId, heldBy: error.document.heldBy as ClaimHolder };
    }
  }

  /** Does nothing when it is released already, or the attempt is over: Torch ends it then. */
  async release(claimId: string): Promise<void> {
    const { project, agentId, signal } = this.options;
    this.renewals.get(claimId)?.end();
    this.renewals.delete(claimId);
    if (signal?.aborted) return;
    await project.claims.release(claimId, agentId, { signal });
  }

  /**
   * Asks people, and waits for as long as the question is open, through outages of Torch and of the connection. The attempt's
   * time stands still meanwhile.
   */
  async ask({ approvalId = `ask-${randomUUID()}`, ...question }: Question): Promise<Answer> {
    const { project, attempt, agentId, signal } = this.options;
    const request = { signal, retry: PATIENT };
    const put = () =>
      project.attempt(attempt).askApproval({ ...question, approvalId, agentId }, { ...request, idempotencyKey: `${approvalId}/asked` });
    await put();
    for (let look = 1; ; look++) {
      signal?.throwIfAborted();
      try {
        const { status, option, note, answeredBy } = await project.approvals.get(approvalId, request);
        if (status === 'withdrawn') return { approvalId, status };
        if (status === 'answered' && option !== undefined)
          return { approvalId, status, option, ...(note !== undefined && { note }), ...(answeredBy !== undefined && { by: answeredBy }) };
      } catch (error) {
        if (!(error instanceof GatewayProblem) || error.code !== 'unknown-approval') throw error;
        await put(); // The log has lost the question.
      }
      await waitMs(pauseMs({ attempt: look, pauseMs: LOOK_MS, pauseMsMax: LOOK_MS_MAX }), signal);
    }
  }

  /** The agent gets nothing new until `resume`, or until `untilMs` (epoch ms). What it has goes on. */
  async pause(pause: AgentPause, { untilMs }: { untilMs?: number } = {}): Promise<void> {
    await this.setPause({ pause, ...(untilMs !== undefined && { untilMs }) });
  }

  resume(): Promise<void> {
    return this.setPause({});
  }

  /** The attempt is over: nothing is renewed any more. Torch itself ends the claims. */
  close(): void {
    for (const renewal of this.renewals.values()) renewal.end();
    this.renewals.clear();
  }

  private async setPause(body: { pause?: AgentPause; untilMs?: number }): Promise<void> {
    const { project, agentId, instance, signal } = this.options;
    if (instance === undefined)
      throw new RangeError('The agent\'s instance is not known: TORCH_AGENT_INSTANCE, or "instance", must say it.');
    await project.pauseAgent(agentId, { instance, ...body }, { signal });
  }

  private renew(claimId: string, options: Omit<ClaimRenewalOptions, 'onLost'> & Pick<ClaimOptions, 'onLost'>): void {
    this.renewals.get(claimId)?.end();
    const onLost = (error: unknown): void => {
      this.renewals.delete(claimId);
      options.onLost?.(error);
    };
    const renewal = new ClaimRenewal({ leaseMs: options.leaseMs, renew: options.renew, onLost });
    this.renewals.set(claimId, renewal);
    void renewal.keep();
  }
}
