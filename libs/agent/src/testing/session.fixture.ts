import type { TaskSpec } from '@torch/contracts';
import { ExecHarness } from '../exec/exec.harness';
import { GatewayClient } from '../http/gateway.client';
import { AgentSession, type SessionEnd } from '../session/agent.session';
import type { Harness } from '../session/harness';
import type { SessionConfig } from '../session/session.config';
import { aWork, GatewayDouble } from './gateway.double';
import { until } from './poll';

/** One agent's session with a double of the gateway. */
export class SessionFixture {
  readonly logged: string[] = [];
  private session?: AgentSession;
  private ended?: Promise<SessionEnd>;

  private constructor(readonly gateway: GatewayDouble) {}

  static async start(): Promise<SessionFixture> {
    return new SessionFixture(await new GatewayDouble().start());
  }

  async connect(
    harness: Harness = new ExecHarness({ killGraceMs: 200, stopGraceMs: 100 }),
    config: Partial<SessionConfig> = {},
  ): Promise<void> {
    const client = new GatewayClient({ url: this.gateway.url, token: 't', retry: { pauseMs: 5, pauseMsMax: 20 } });
    this.session = new AgentSession({
      project: client.project('shop'),
      harness,
      log: (_level, message) => this.logged.push(message),
      agent: { agentId: 'dev-1', role: 'developer', skills: [], capacity: 2, harness: harness.name, instance: 'i-1' },
      config: { heartbeatMs: 50, reportPauseMsMax: 50, stream: { reconnectMs: 5, reconnectMsMax: 50 }, ...config },
    });
    this.ended = this.session.run();
    await until('the stream', () => this.gateway.connected);
  }

  give(spec: Partial<TaskSpec>, attempt = 1): void {
    this.gateway.send({ type: 'work', data: aWork(spec, attempt) });
  }

  reports(what: string) {
    return this.gateway.to('POST', new RegExp(`attempts/\\d+/${what}$`));
  }

  /** The first report of this kind. */
  async report(what: string): Promise<Record<string, unknown>> {
    return (await until(`"${what}"`, () => this.reports(what)[0])).json();
  }

  async stop(): Promise<void> {
    this.session?.close('The test is over.');
    await this.ended;
    await this.gateway.stop();
  }
}
