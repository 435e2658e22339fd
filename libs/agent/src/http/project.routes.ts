import type { GatewayTransport, QueryValue, RequestOptions } from './gateway.transport';

type WriteMethod = 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Requests to what belongs to one project. */
export class ProjectRoutes {
  readonly root: string;

  constructor(
    private readonly transport: GatewayTransport,
    project: string,
  ) {
    this.root = `/v1/projects/${encodeURIComponent(project)}`;
  }

  read<T>(path: string, query: Record<string, QueryValue>, options?: RequestOptions): Promise<T> {
    return this.transport.json({ method: 'GET', path: this.root + path, query, ...options });
  }

  write<T>(method: WriteMethod, path: string, body: unknown, options?: RequestOptions): Promise<T> {
    return this.transport.json({ method, path: this.root + path, body, ...options });
  }
}
