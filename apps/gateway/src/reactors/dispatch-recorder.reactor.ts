import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Owners } from '../adapters/owners.adapter';
import { Commands } from '../api/contract-names';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';

export interface Dispatch {
  readonly project: string;
  readonly messageId: string;
  readonly recipient: string;
  readonly correlationId?: string;
}

/** How long dispatches are gathered before they are recorded together. */
const GATHER_MS = 10;

/**
 * Records that messages were written to their recipients' connections. Off the path of the push, and no more than a hint:
 * what is not recorded stays `queued` until the recipient confirms it, which says less than happened, and never more.
 */
@Injectable()
export class DispatchRecorder implements OnModuleDestroy {
  private readonly logger = new Logger(DispatchRecorder.name);
  private gathered: Dispatch[] = [];
  private onTheirWay = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly owners: Owners,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {}

  record(dispatch: Dispatch): void {
    if (this.gathered.length + this.onTheirWay >= this.config.dispatchesWaitingMax) {
      this.logger.warn(
        `The dispatch of message ${dispatch.messageId} to ${dispatch.recipient} is not recorded: ${this.config.dispatchesWaitingMax} wait already.`,
      );
      return;
    }
    this.gathered.push(dispatch);
    this.timer ??= setTimeout(() => this.flush(), GATHER_MS);
  }

  onModuleDestroy(): void {
    clearTimeout(this.timer);
    this.flush();
  }

  private flush(): void {
    this.timer = undefined;
    const dispatches = this.gathered;
    this.gathered = [];
    this.onTheirWay += dispatches.length;
    for (const dispatch of dispatches) void this.send(dispatch).finally(() => this.onTheirWay--); // One tick, so they travel together.
  }

  private async send({ project, messageId, recipient, correlationId }: Dispatch): Promise<void> {
    try {
      await this.owners.command(Commands.RecordDispatched, { project, actor: 'service:gateway', correlationId }, { messageId, recipient });
    } catch (error) {
      this.logger.debug(`The dispatch of message ${messageId} to ${recipient} was not recorded: ${String(error)}`);
    }
  }
}
