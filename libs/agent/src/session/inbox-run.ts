import type { InboxEntry } from '@torch/contracts';
import { GatewayProblem } from '../http/gateway.errors';
import type { ProjectClient } from '../http/project.client';
import { type AgentLog, messageOf } from './agent.log';
import type { Harness } from './harness';
import { RecentKeys } from './recent-keys';
import { reportRetry, type SessionConfig } from './session.config';

export interface InboxRunOptions {
  readonly project: ProjectClient;
  readonly agentId: string;
  readonly harness: Harness;
  readonly log: AgentLog;
  readonly config: SessionConfig;
  readonly signal: AbortSignal;
}

/**
 * Messages one by one, in the order they came: confirmed as delivered when taken, acknowledged when the harness has dealt
 * with them. One that the harness fails at stays in the inbox and comes again with the next connection.
 *
 * One that the log does not know is not dealt with. One that comes again after it was dealt with is acknowledged again: the
 * log has lost the acknowledgement.
 */
export class InboxRun {
  private readonly seen: RecentKeys;
  private readonly dealt: RecentKeys;
  private last: Promise<void> = Promise.resolve();

  constructor(private readonly options: InboxRunOptions) {
    this.seen = new RecentKeys(options.config.rememberedMax);
    this.dealt = new RecentKeys(options.config.rememberedMax);
  }

  take(message: InboxEntry): void {
    const { messageId } = message;
    if (this.seen.add(messageId) || this.dealt.has(messageId)) this.last = this.last.then(() => this.dealWith(message));
  }

  private async dealWith(message: InboxEntry): Promise<void> {
    const { project, agentId, harness, log, config, signal } = this.options;
    if (signal.aborted) return;
    const { messageId, from } = message;
    const fields = { messageId, from };
    const request = (what: string) => ({ idempotencyKey: `${messageId}/${agentId}/${what}`, retry: reportRetry(config), signal });
    try {
      await project.confirmDelivered(agentId, messageId, request('delivered'));
      if (!this.dealt.has(messageId)) {
        log('info', 'A message has come.', { ...fields, to: message.to }); // Not its text: that could not be erased from here.
        await harness.onMessage(message);
        this.dealt.add(messageId);
      }
      await project.ackMessage(agentId, messageId, request('ack'));
    } catch (error) {
      if (signal.aborted) return;
      log('warn', `A message was not dealt with: ${messageOf(error)}`, fields);
      if (!(error instanceof GatewayProblem) || error.code === 'unknown-message') this.seen.delete(messageId);
    }
  }
}
