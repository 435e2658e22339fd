import type { ChainVerdict, ProjectView } from '@torch/contracts';
import type { StatusView } from './gateway.answers';
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

  getProject(project: string, options?: RequestOptions): Promise<ProjectView> {
    return this.transport.json({ method: 'GET', path: `/v1/projects/${encodeURIComponent(project)}`, ...options });
  }

  /** Recomputes the audit's hash chain of every partition and compares it with the log. May take minutes on a long log. */
  verifyAudit(options?: RequestOptions): Promise<ChainVerdict> {
    return this.transport.json({ method: 'POST', path: '/v1/audit/verify', body: {}, ...options });
  }

  /** True when the gateway says that it is ready; false when it says that it is not. */
  async isReady(options?: RequestOptions): Promise<boolean> {
    return this.transport.json({ method: 'GET', path: '/readyz', retry: { attemptsMax: 1 }, ...options }).then(
      () => true,
      () => false,
    );
  }
}
