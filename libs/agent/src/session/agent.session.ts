import type { RegisterAgent } from '@torch/contracts';
import { waitMs } from '../http/backoff';
import type { AgentEvent } from '../http/gateway.answers';
import { GatewayProblem } from '../http/gateway.errors';
import type { ProjectClient } from '../http/project.client';
import { type AgentLog, messageOf } from './agent.log';
import { AttemptRuns } from './attempt-runs';
import type { Harness } from './harness';
import { InboxRun } from './inbox-run';
import { reportRetry, SESSION_DEFAULTS, type SessionConfig } from './session.config';

/** Pause before the stream is opened again after an answer that made no sense, and after the agent had to register again. */
const STREAM_PAUSE_MS = 2000;
const REGISTERED_PAUSE_MS = 100;
/** The log may have lost the registration, or have another instance's. */
const NOT_REGISTERED: readonly string[] = ['unknown-agent', 'stale-instance'];

export interface AgentSessionOptions {
  readonly project: ProjectClient;
  readonly agent: RegisterAgent;
  readonly harness: Harness;
  readonly log: AgentLog;
  readonly config?: Partial<SessionConfig>;
}

export interface SessionEnd {
  /** `stopped`: asked to; `replaced`: another instance has the agent's id; `refused`: the gateway would not have the agent. */
  readonly kind: 'stopped' | 'replaced' | 'refused';
  readonly reason: string;
}

/**
 * One agent's life with Torch: registers, keeps its heartbeat up, takes work and messages, and reports.
 *
 * What the gateway sends twice is taken once. Results are reported until they are accepted or refused, through outages of
 * up to `reportMs`.
 */
export class AgentSession {
  private readonly config: SessionConfig;
  private readonly closing = new AbortController();
  private readonly reporting = new AbortController();
  private readonly attempts: AttemptRuns;
  private readonly inbox: InboxRun;
  private registering?: Promise<void>;
  private end?: SessionEnd;

  constructor(private readonly options: AgentSessionOptions) {
    this.config = { ...SESSION_DEFAULTS, ...options.config };
    const { project, agent, harness, log } = options;
    this.attempts = new AttemptRuns({ ...options, config: this.config, reporting: this.reporting.signal });
    this.inbox = new InboxRun({ project, agentId: agent.agentId, harness, log, config: this.config, signal: this.closing.signal });
  }

  /** Lives until `close`, or until the gateway will not have the agent any more. Rejects only on a bug. */
  async run(): Promise<SessionEnd> {
    const { log, agent } = this.options;
    try {
      await this.register();
      log('info', `Agent ${agent.agentId} is registered.`, { role: agent.role, skills: agent.skills, instance: agent.instance });
      await Promise.all([this.beat(), this.listen()]);
    } catch (error) {
      this.endAs('refused', messageOf(error));
    }
    await this.wind();
    return this.end ?? { kind: 'stopped', reason: 'The session was closed.' };
  }

  /** Ends what runs, reports it as failed to be tried again elsewhere, deregisters. `run` resolves soon after. */
  close(reason: string): void {
    this.endAs('stopped', reason);
  }

  private endAs(kind: SessionEnd['kind'], reason: string): void {
    this.end ??= { kind, reason };
    this.closing.abort();
  }

  private async register(): Promise<void> {
    const { project, agent } = this.options;
    const { agentId, ...body } = agent;
    try {
      await project.registerAgent(agentId, body, { retry: reportRetry(this.config), signal: this.closing.signal });
    } catch (error) {
      if (!this.closing.signal.aborted) throw error;
    }
  }

  private async beat(): Promise<void> {
    const { project, agent, log } = this.options;
    const { signal } = this.closing;
    let reached = true;
    while (!signal.aborted) {
      await waitMs(this.config.heartbeatMs, signal);
      if (signal.aborted) return;
      try {
        const timeout = AbortSignal.any([signal, AbortSignal.timeout(this.config.heartbeatTimeoutMs)]);
        const { known } = await project.heartbeat(agent.agentId, agent.instance, { signal: timeout });
        if (!reached) log('info', 'The gateway is there again.');
        reached = true;
        if (!known) await this.registerAnew();
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof GatewayProblem && isFinal(error)) throw error;
        if (reached) log('warn', `No answer to a heartbeat: ${messageOf(error)}`);
        reached = false;
      }
    }
  }

  /** The registry does not know this instance: it was lost, its registration was, or another instance has taken the id over. */
  private registerAnew(): Promise<void> {
    this.registering ??= this.registerUnlessReplaced().finally(() => (this.registering = undefined));
    return this.registering;
  }

  private async registerUnlessReplaced(): Promise<void> {
    this.options.log('info', 'The registry does not know this agent as present: registering again.');
    try {
      await this.register();
    } catch (error) {
      if (!(error instanceof GatewayProblem) || error.code !== 'stale-instance') throw error;
      this.endAs('replaced', error.detail);
    }
  }

  private async listen(): Promise<void> {
    const { project, agent, log } = this.options;
    const { signal } = this.closing;
    while (!signal.aborted) {
      try {
        const stream = project.agentEvents(agent.agentId, agent.instance, {
          ...this.config.stream,
          signal,
          onDisconnected: (error) => log('warn', `The stream of work was cut: ${messageOf(error)}`),
        });
        for await (const event of stream) this.take(event);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof GatewayProblem && (error.status === 401 || error.status === 403)) throw error;
        log('warn', `The stream of work made no sense: ${messageOf(error)}`);
        await this.readyForStream(error);
      }
    }
  }

  private async readyForStream(error: unknown): Promise<void> {
    const { signal } = this.closing;
    if (!(error instanceof GatewayProblem) || !NOT_REGISTERED.includes(error.code)) return waitMs(STREAM_PAUSE_MS, signal);
    await this.registerAnew().catch((failure: unknown) => this.options.log('warn', `It could not be registered: ${messageOf(failure)}`));
    await waitMs(REGISTERED_PAUSE_MS, signal);
  }

  private take(event: AgentEvent): void {
    if (this.closing.signal.aborted) return;
    switch (event.type) {
      case 'work':
        return this.attempts.take(event.data);
      case 'cancel':
        return this.attempts.cancel(event.data);
      case 'message':
        return this.inbox.take(event.data);
      case 'open':
        return this.attempts.fenceAllBut(event.data.attempts);
      case 'stop':
        return this.close(event.data.reason);
      default:
        // A newer gateway may have more to say.
        return;
    }
  }

  /** Whatever happens here is done within `closeMs` and `deregisterMs`. */
  private async wind(): Promise<void> {
    const { project, agent, log } = this.options;
    const end = this.end as SessionEnd;
    const deadline = new AbortController();
    const timer = setTimeout(() => {
      this.reporting.abort();
      deadline.abort();
    }, this.config.closeMs);
    await Promise.race([this.attempts.stopAll(end.reason), waitMs(this.config.closeMs, deadline.signal)]);
    clearTimeout(timer);
    deadline.abort();
    this.reporting.abort();
    if (end.kind === 'replaced') return;
    await project
      .deregisterAgent(agent.agentId, end.reason, { signal: AbortSignal.timeout(this.config.deregisterMs) })
      .catch((error: unknown) => {
        log('warn', `The agent could not be deregistered: ${messageOf(error)}`);
      });
  }
}

/** A project that was there may come back: the log has lost its tail, and whoever made the project makes it again. */
const isFinal = ({ passing, status, code }: GatewayProblem): boolean => !passing && status < 500 && code !== 'unknown-project';
