import type { CompleteTask, FailTask, ReportProgress, RequestApproval } from '@torch/contracts';
import type { ApprovalAsked, OutputAppended, Written } from './gateway.answers';
import type { GatewayTransport, RequestOptions } from './gateway.transport';

/** Of a command about an attempt: all but which attempt it is. */
export type Reported<T> = Omit<T, 'taskId' | 'attempt' | 'assignment'>;

/** What an agent reports of one attempt. `agentId` must be that of the token, unless the token is an operator's. */
export class AttemptClient {
  constructor(
    private readonly transport: GatewayTransport,
    private readonly root: string,
    private readonly assignment: string,
  ) {}

  start(body: { agentId: string }, options?: RequestOptions): Promise<Written> {
    return this.report('start', body, options);
  }

  progress(body: Reported<ReportProgress>, options?: RequestOptions): Promise<Written> {
    return this.report('progress', body, options);
  }

  complete(body: Reported<CompleteTask>, options?: RequestOptions): Promise<Written> {
    return this.report('complete', body, options);
  }

  fail(body: Reported<FailTask>, options?: RequestOptions): Promise<Written> {
    return this.report('fail', body, options);
  }

  /** Asks people while the work goes on; asked again under the same `approvalId`, it changes nothing. */
  askApproval(
    question: Omit<Reported<RequestApproval>, 'approvalId'> & { approvalId?: string },
    options?: RequestOptions,
  ): Promise<ApprovalAsked> {
    return this.report('approvals', question, options);
  }

  /** The attempt was not among the open ones, and is stopped. Changes nothing when the log knows it. */
  fenced(body: { agentId: string }, options?: RequestOptions): Promise<Written> {
    return this.report('fenced', body, options);
  }

  /**
   * Appends at byte `offset`; the same bytes at the same offset again change nothing.
   *
   * @throws GatewayProblem 409 when the gateway has another number of bytes: `document.expectedOffset` says how many.
   */
  output(offset: number, chunk: Uint8Array, options?: RequestOptions): Promise<OutputAppended> {
    return this.transport.json({
      method: 'POST',
      path: `${this.root}/output`,
      query: { offset, assignment: this.assignment },
      body: chunk,
      ...options,
    });
  }

  private report<T extends Written>(what: string, body: object, options?: RequestOptions): Promise<T> {
    return this.transport.json({
      method: 'POST',
      path: `${this.root}/${what}`,
      body: { assignment: this.assignment, ...body },
      ...options,
    });
  }
}
