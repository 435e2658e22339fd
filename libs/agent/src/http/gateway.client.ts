import type {
  ChainVerdict,
  Durability,
  LogTrimmed,
  PlaceHold,
  ProjectView,
  ReleaseHold,
  RetentionOutcome,
  RetentionView,
  SetRetention,
} from '@torch/contracts';
import type { ProjectReleaseView, StatusView, Written } from './gateway.answers';
import { type GatewayOptions, GatewayTransport, type RequestOptions } from './gateway.transport';
import { ProjectClient } from './project.client';

/**
 * Torch's gateway, typed.
 *
 * Every method rejects with `GatewayProblem` when the gateway says no, and with `GatewayUnreachable` when no answer came
 * within the retry budget. Writes are safe to repeat: give the same `idempotencyKey`.
 */
export class GatewayClient {
  readonly transport: GatewayTransport;

  constructor(options: GatewayOptions) {
    this.transport = new GatewayTransport(options);
  }

  /** What belongs to one project. Does not ask whether the project exists. */
  project(project: string): ProjectClient {
    return new ProjectClient(this.transport, project);
  }

  status(options?: RequestOptions): Promise<StatusView> {
    return this.transport.json({ method: 'GET', path: '/v1/status', ...options });
  }

  /** Creates the project; does nothing when it exists. */
  createProject(project: string, options?: RequestOptions): Promise<ProjectView> {
    return this.transport.json({ method: 'POST', path: '/v1/projects', body: { project }, ...options });
  }

  /** Sets what acknowledgements of the project's tasks and messages promise unless a request says otherwise. */
  setProject(project: string, settings: { readonly durability: Durability }, options?: RequestOptions): Promise<ProjectView> {
    return this.transport.json({ method: 'PUT', path: `/v1/projects/${encodeURIComponent(project)}`, body: settings, ...options });
  }

  getProject(project: string, options?: RequestOptions): Promise<ProjectView> {
    return this.transport.json({ method: 'GET', path: `/v1/projects/${encodeURIComponent(project)}`, ...options });
  }

  /** Tries a project again that services have quarantined. Rejects as `not-quarantined` when none has. */
  releaseProject(project: string, options?: RequestOptions): Promise<ProjectReleaseView> {
    return this.transport.json({ method: 'POST', path: `/v1/projects/${encodeURIComponent(project)}/release`, body: {}, ...options });
  }

  /** Recomputes the audit's hash chain of every partition and compares it with the log. May take minutes on a long log. */
  verifyAudit(options?: RequestOptions): Promise<ChainVerdict> {
    return this.transport.json({ method: 'POST', path: '/v1/audit/verify', body: {}, ...options });
  }

  /** Rules of retention, legal holds, erasures. */
  retention(options?: RequestOptions): Promise<RetentionView> {
    return this.transport.json({ method: 'GET', path: '/v1/audit/retention', ...options });
  }

  /** How many days the archive keeps a project; without them, for ever. */
  setRetention(rule: SetRetention, options?: RequestOptions): Promise<Written> {
    return this.transport.json({ method: 'PUT', path: '/v1/audit/retention', body: rule, ...options });
  }

  /** Prunes what has expired from the archive, or only counts it. May take minutes. */
  applyRetention(dryRun: boolean, options?: RequestOptions): Promise<RetentionOutcome> {
    return this.transport.json({ method: 'POST', path: '/v1/audit/retention/apply', body: { dryRun }, ...options });
  }

  /** Forgets on the log server what is archived and needed by nobody. */
  trimLog(belowSeq: number, options?: RequestOptions): Promise<{ partitions: LogTrimmed[] }> {
    return this.transport.json({ method: 'POST', path: '/v1/audit/trim', body: { belowSeq }, ...options });
  }

  placeHold(hold: PlaceHold, options?: RequestOptions): Promise<Written> {
    return this.transport.json({ method: 'POST', path: '/v1/audit/holds', body: hold, ...options });
  }

  releaseHold(hold: ReleaseHold, options?: RequestOptions): Promise<Written> {
    return this.transport.json({ method: 'POST', path: '/v1/audit/holds/release', body: hold, ...options });
  }

  /** Asks for a data subject's keys to be destroyed; `retention` says when they are. */
  erase(
    erasure: { readonly subject: string; readonly project?: string; readonly reason?: string },
    options?: RequestOptions,
  ): Promise<Written & { readonly projects: readonly string[] }> {
    return this.transport.json({ method: 'POST', path: '/v1/audit/erasures', body: erasure, ...options });
  }

  /** True when the gateway says that it is ready; false when it says that it is not. */
  async isReady(options?: RequestOptions): Promise<boolean> {
    return this.transport.json({ method: 'GET', path: '/readyz', retry: { attemptsMax: 1 }, ...options }).then(
      () => true,
      () => false,
    );
  }
}
