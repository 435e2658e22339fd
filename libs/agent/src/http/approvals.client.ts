import type { ApprovalList, ApprovalView } from '@torch/contracts';
import type { Written } from './gateway.answers';
import type { RequestOptions } from './gateway.transport';
import type { ProjectRoutes } from './project.routes';

/** Questions that wait for somebody's answer. Agents ask theirs with `AttemptClient.askApproval`. */
export class ApprovalsClient {
  constructor(private readonly routes: ProjectRoutes) {}

  /** Open ones, unless `open` is false. */
  list(query: { open?: boolean; taskId?: string; limit?: number } = {}, options?: RequestOptions): Promise<ApprovalList> {
    return this.routes.read('/approvals', query, options);
  }

  get(approvalId: string, options?: RequestOptions): Promise<ApprovalView> {
    return this.routes.read(`/approvals/${encodeURIComponent(approvalId)}`, {}, options);
  }

  /** The first answer holds; the same again changes nothing. */
  answer(approvalId: string, answer: { option: string; note?: string }, options?: RequestOptions): Promise<Written> {
    return this.routes.write('POST', `/approvals/${encodeURIComponent(approvalId)}/answer`, answer, options);
  }
}
