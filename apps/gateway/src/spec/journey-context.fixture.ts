import type { LogServer } from '@torch/log';
import { type FixtureRequest, GatewayFixture } from './gateway.fixture';
import { SseReader } from './sse.fixture';

export interface JourneyWorld {
  /** A further client of the log server. */
  connect(): LogServer | Promise<LogServer>;
  goAway(): Promise<void> | void;
  comeBack(): Promise<void> | void;
  stop(): Promise<void>;
}

/** Where the routes of the project are that the journeys are made in. */
export const BASE = '/v1/projects/default';

type Init = Pick<FixtureRequest, 'token' | 'headers'>;

/** One gateway for a whole file, and short words for what its callers do. */
export class JourneyContext {
  gateway!: GatewayFixture;
  world!: JourneyWorld;
  private made = 0;

  async start(world: JourneyWorld): Promise<void> {
    this.world = world;
    this.gateway = await GatewayFixture.start({
      connect: () => world.connect(),
      limits: { pingEveryMs: 50, outputPollMs: 50, watchEveryMs: 25, watchTimeoutMs: 300 },
    });
  }

  async stop(): Promise<void> {
    await this.gateway.stop();
    await this.world.stop();
  }

  /** Another number each time, for ids and keys. */
  unique = (): number => this.made++;

  send = async (method: string, path: string, body?: unknown, init: Init = {}) => {
    const response = await this.gateway.fetch(BASE + path, { method, body, ...init });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: (text === '' ? {} : JSON.parse(text)) as Record<string, string> };
  };

  get = (path: string, init?: Init) => this.send('GET', path, undefined, init);

  post = (path: string, body?: unknown, init?: Init) => this.send('POST', path, body, init);

  /** Submits a plan of one task. @returns the task's id. */
  submit = async (role: string, key = 'lint'): Promise<string> => {
    const { status, body } = await this.post('/runs', { tasks: [{ key, role, run: 'true' }] });
    if (status !== 202) throw new Error(`The run was not taken: ${JSON.stringify(body)}`);
    return (body.tasks as unknown as { taskId: string }[])[0]?.taskId as string;
  };

  /** Of the task's newest attempt: its agent names it with every report. */
  assignment = async (taskId: string): Promise<string> => (await this.get(`/tasks/${taskId}`)).body.assignment as string;

  /** A registered agent of its own, with its token, and its stream for the asking. */
  agent = async (instance = 'i1') => {
    const agentId = `dev-${this.unique()}`;
    const token = await this.gateway.token(`agent:${agentId}`, ['default']);
    const register = (as: string) =>
      this.send('PUT', `/agents/${agentId}`, { role: agentId, skills: [], harness: 'exec', instance: as }, { token });
    const { status } = await register(instance);
    if (status !== 200) throw new Error(`Agent ${agentId} was not registered: ${status}`);
    const stream = (as = instance) => SseReader.open(this.gateway, `${BASE}/agents/${agentId}/stream?instance=${as}`, { token });
    return { agentId, token, register, stream };
  };
}
