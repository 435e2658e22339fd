import { Commands } from '@torch/contracts';
import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Owners } from '../adapters/owners.adapter';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';

export interface Dispatch {
  readonly project: string;
  readonly messageId: string;
  readonly recipient: string;
  readonly correlationId?: string;
}

/**
 * Records that messages were written to their recipients' connections. Off the path of the push, and no more than a hint:
 * what is not recorded stays `queued` until the recipient confirms it, which says less than happened, and never more. A
 * dispatch whose message has got further in the meantime is not worth an event.
 */
@Injectable()
export class DispatchRecorder implements OnModuleDestroy {
  private readonly logger = new Logger(DispatchRecorder.name);
  private gathered = new Map<string, Dispatch>();
  private onTheirWay = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly owners: Owners,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {}

  record(dispatch: Dispatch): void {
    const { dispatchesWaitingMax, dispatchGatherMs } = this.config;
    if (this.gathered.size + this.onTheirWay >= dispatchesWaitingMax) {
      this.logger.warn(
        `The dispatch of message ${dispatch.messageId} to ${dispatch.recipient} is not recorded: ${dispatchesWaitingMax} wait already.`,
      );
      return;
    }
    this.gathered.set(keyOf(dispatch), dispatch);
    this.timer ??= setTimeout(() => this.flush(), dispatchGatherMs);
  }

  /** The message has got further than its dispatch. */
  passed(dispatch: Dispatch): void {
    this.gathered.delete(keyOf(dispatch));
  }

  onModuleDestroy(): void {
    clearTimeout(this.timer);
    this.flush();
  }

  private flush(): void {
    this.timer = undefined;
    const dispatches = [...this.gathered.values()];
    this.gathered.clear();
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

const keyOf = ({ project, messageId, recipient }: Dispatch): string => `${project}/${messageId}/${recipient}`;
