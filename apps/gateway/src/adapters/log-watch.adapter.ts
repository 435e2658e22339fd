import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { type LogServer, LogUnavailable } from '@torch/log';
import { LOG_SERVER } from '@torch/platform';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';

/** Knows whether the log server answers, so that a request need not wait for its deadline to hear that it does not. */
@Injectable()
export class LogWatch implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(LogWatch.name);
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private answers = true;

  constructor(
    @Inject(LOG_SERVER) private readonly server: LogServer,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {}

  get available(): boolean {
    return this.answers;
  }

  /** @throws LogUnavailable while the log server does not answer. */
  assertAvailable(): void {
    if (!this.answers) throw new LogUnavailable('The log server is away.', false);
  }

  onApplicationBootstrap(): void {
    void this.look();
  }

  onModuleDestroy(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  async look(): Promise<void> {
    const answers = await this.ping();
    if (answers !== this.answers) this.logger.log(answers ? 'The log server is back.' : 'The log server is away.');
    this.answers = answers;
    if (!this.stopped) this.timer = setTimeout(() => void this.look(), this.config.watchEveryMs);
  }

  private async ping(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<boolean>((resolve) => (timer = setTimeout(resolve, this.config.watchTimeoutMs, false)));
    try {
      return await Promise.race([this.server.ping().catch(() => false), timeout]);
    } finally {
      clearTimeout(timer);
    }
  }
}
