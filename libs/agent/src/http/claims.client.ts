import type { ClaimList, ClaimPaths } from '@torch/contracts';
import type { PathsClaimed, Written } from './gateway.answers';
import type { RequestOptions } from './gateway.transport';
import type { ProjectRoutes } from './project.routes';

/** Paths that agents keep for themselves while they work. `agentId` must be the token's own, unless the token is an operator's. */
export class ClaimsClient {
  constructor(private readonly routes: ProjectRoutes) {}

  list(query: { agentId?: string; path?: string; limit?: number } = {}, options?: RequestOptions): Promise<ClaimList> {
    return this.routes.read('/claims', query, options);
  }

  /**
   * All of the paths, or none. The same `claimId` again renews the lease.
   *
   * @throws GatewayProblem 409 `claim-held`: `document.heldBy` is the holder, a `ClaimHolder`; 409 `paths-taken`: they are kept for a
   * task that has waited long for them.
   */
  claim(
    claim: Omit<ClaimPaths, 'claimId' | 'agentId'> & { claimId?: string; agentId?: string },
    options?: RequestOptions,
  ): Promise<PathsClaimed> {
    return this.routes.write('POST', '/claims', claim, options);
  }

  /** Does nothing when it is released already. */
  release(claimId: string, agentId?: string, options?: RequestOptions): Promise<Written> {
    return this.routes.write('POST', `/claims/${encodeURIComponent(claimId)}/release`, { agentId }, options);
  }
}
