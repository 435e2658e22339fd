import type { ContextDocument, ContextHistory, ContextList, UpdateContext } from '@torch/contracts';
import type { ContextWritten } from './gateway.answers';
import type { RequestOptions } from './gateway.transport';
import type { ProjectRoutes } from './project.routes';

/** Documents that a project's agents share. */
export class ContextClient {
  constructor(private readonly routes: ProjectRoutes) {}

  /** Without their texts. */
  list(query: { removed?: boolean } = {}, options?: RequestOptions): Promise<ContextList> {
    return this.routes.read('/context', query, options);
  }

  /**
   * The newest version unless one is named; a removed document is a tombstone with `removed`.
   *
   * @throws GatewayProblem 404 `unknown-context`.
   */
  get(key: string, query: { version?: number } = {}, options?: RequestOptions): Promise<ContextDocument> {
    return this.routes.read(pathOf(key), query, options);
  }

  /** Versions that are kept at hand, newest first, without texts. */
  history(key: string, options?: RequestOptions): Promise<ContextHistory> {
    return this.routes.read(`${pathOf(key)}/history`, {}, options);
  }

  /**
   * Compare and set: `version` is the one that the change was made on, 0 for a new document.
   *
   * @throws GatewayProblem 409 `context-conflict` when another was faster: nothing is changed; `document.newest` is what is
   * there, a `ContextDocument`, and `document.comparison` both changes together, a `ContextComparison`.
   */
  set(key: string, change: Omit<UpdateContext, 'key'>, options?: RequestOptions): Promise<ContextWritten> {
    return this.routes.write('PUT', pathOf(key), change, options);
  }

  /** Leaves a tombstone. Same conflict as `set`. */
  remove(key: string, version: number, options?: RequestOptions): Promise<ContextWritten> {
    return this.routes.write('DELETE', pathOf(key), { version }, options);
  }
}

const pathOf = (key: string): string => `/context/${encodeURIComponent(key)}`;
