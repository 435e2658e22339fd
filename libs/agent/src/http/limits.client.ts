import type { LimitList, LimitScope, LimitView, SetLimit } from '@torch/contracts';
import type { Written } from './gateway.answers';
import type { RequestOptions } from './gateway.transport';
import type { ProjectRoutes } from './project.routes';

/** What a project may do at a time, and whether it may do anything. */
export class LimitsClient {
  constructor(private readonly routes: ProjectRoutes) {}

  list(options?: RequestOptions): Promise<LimitList> {
    return this.routes.read('/limits', {}, options);
  }

  /** @throws GatewayProblem 404 `unknown-limit`. */
  get(scope: LimitScope, name: string, options?: RequestOptions): Promise<LimitView> {
    return this.routes.read(pathOf(scope, name), {}, options);
  }

  /** Replaces what was set for the scope and name before. */
  set(scope: LimitScope, name: string, limit: Omit<SetLimit, 'scope' | 'name'>, options?: RequestOptions): Promise<Written> {
    return this.routes.write('PUT', pathOf(scope, name), limit, options);
  }

  remove(scope: LimitScope, name: string, options?: RequestOptions): Promise<Written> {
    return this.routes.write('DELETE', pathOf(scope, name), {}, options);
  }

  /** Running attempts are told to stop and their tasks wait; nothing is lost, and no attempt is spent. */
  stopAll(reason?: string, options?: RequestOptions): Promise<Written> {
    return this.routes.write('POST', '/stop', { reason }, options);
  }

  resume(options?: RequestOptions): Promise<Written> {
    return this.routes.write('POST', '/resume', {}, options);
  }
}

const pathOf = (scope: LimitScope, name: string): string => `/limits/${scope}/${encodeURIComponent(name)}`;
