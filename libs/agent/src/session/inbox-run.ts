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
 */
export class InboxRun {
  private readonly seen: RecentKeys;
  private last: Promise<void> = Promise.resolve();

  constructor(private readonly options: InboxRunOptions) {
    this.seen = new RecentKeys(options.config.rememberedMax);
  }

  take(message: InboxEntry): void {
    if (this.seen.add(message.messageId)) this.last = this.last.then(() => this.dealWith(message));
  }

  private async dealWith(message: InboxEntry): Promise<void> {
    const { project, agentId, harness, log, config, signal } = this.options;
    if (signal.aborted) return;
    const fields = { messageId: message.messageId, from: message.from };
    const request = (what: string) => ({ idempotencyKey: `${message.messageId}/${agentId}/${what}`, retry: reportRetry(config), signal });
    try {
      await project.confirmDelivered(agentId, message.messageId, request('delivered'));
      log('info', `Message: ${message.text}`, { ...fields, to: message.to });
      await harness.onMessage(message);
      await project.ackMessage(agentId, message.messageId, request('ack'));
    } catch (error) {
      if (signal.aborted) return;
      log('warn', `A message was not dealt with: ${messageOf(error)}`, fields);
      if (!(error instanceof GatewayProblem)) this.seen.delete(message.messageId);
    }
  }
}
