import type { ConflictList, ConflictStatus, ConflictView, OpenConflict } from '@torch/contracts';
import type { ConflictOpening, Written } from './gateway.answers';
import type { RequestOptions } from './gateway.transport';
import type { ProjectRoutes } from './project.routes';

/** Disagreements that somebody has to settle. */
export class ConflictsClient {
  constructor(private readonly routes: ProjectRoutes) {}

  list(query: { status?: ConflictStatus; limit?: number } = {}, options?: RequestOptions): Promise<ConflictList> {
    return this.routes.read('/conflicts', query, options);
  }

  get(conflictId: string, options?: RequestOptions): Promise<ConflictView> {
    return this.routes.read(`/conflicts/${encodeURIComponent(conflictId)}`, {}, options);
  }

  open(conflict: Omit<OpenConflict, 'conflictId'> & { conflictId?: string }, options?: RequestOptions): Promise<ConflictOpening> {
    return this.routes.write('POST', '/conflicts', conflict, options);
  }

  resolve(conflictId: string, outcome: { resolution: string; inFavourOf?: string }, options?: RequestOptions): Promise<Written> {
    return this.routes.write('POST', `/conflicts/${encodeURIComponent(conflictId)}/resolve`, outcome, options);
  }
}
