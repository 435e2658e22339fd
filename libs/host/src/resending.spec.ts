import { commandContract, type CommandContract } from '@torch/contracts';
import { type CommandEntry, FIRST_ENTRY_ID, InMemoryLogServer, repliesChannel } from '@torch/log';
import { FakeClock } from '@torch/testing';
import type { Accepted } from './client';
import type { CommandEnvelope } from './envelope';
import { rollService } from './spec/ledger.fixture';
import { World } from './spec/world.fixture';
import { type ConnectedTorchClient, createTorchClient } from './torch-client';

const SERVICE = 'registry';
const REGISTER = commandContract('RegisterAgent') as CommandContract;
const DEADLINE_MS = 60_000;
const STEP_MS = 50;

/** A client with a clock of its own, and the queue that its commands come into. Whoever reads it is the owner. */
class Sending {
  private readonly clock = new FakeClock();
  readonly server = new InMemoryLogServer({ nowMs: this.clock.nowMs });
  private client!: ConnectedTorchClient;
  looks = 0;
  /** Ids of the commands in the order in which they were queued. */
  readonly queued: string[] = [];
  readonly queuedAtMs: number[] = [];
  readonly accepted: Accepted[] = [];

  async start(): Promise<this> {
    const { clock, server } = this;
    await server.partitions(1);
    const { nowMs, startTimer } = clock;
    const hostClock = {
      nowMs,
      monotonicMs: nowMs,
      after: startTimer,
      soon: (call: () => void) => void setImmediate(call),
      random: () => 0.5,
    };
    this.client = await createTorchClient(server, { clock: hostClock, instance: 'sender' });
    server.faults.intercept = (operation, phase) => {
      if (operation === 'holdsCommands' && phase === 'before') this.looks++;
      if (operation === 'send' && phase === 'after') this.note(this.entries().at(-1) as CommandEntry);
    };
    return this;
  }

  register(...ids: string[]): Promise<unknown>[] {
    return ids.map((idempotencyId) =>
      this.client
        .command(REGISTER, { project: 'default', actor: 'user:spec', idempotencyId }, agent(idempotencyId) as never, DEADLINE_MS)
        .then((accepted) => this.accepted.push(accepted)),
    );
  }

  /** Lets time pass, and everything that can go on in it go on. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      await settled();
      this.clock.advance(STEP_MS);
    }
    await settled();
  }

  entries(): CommandEntry[] {
    return this.server.store.partition(0).queues.get(SERVICE) ?? [];
  }

  /** As an owner that has decided everything and forgets it, though nobody hears what it answered. */
  async consume(): Promise<void> {
    await this.server.commands.trim(0, SERVICE, this.entries().at(-1)?.id ?? FIRST_ENTRY_ID);
  }

  async answer(...ids: string[]): Promise<void> {
    const commands = ids.map((id) => ({ id: `default/${id}`, ok: true, position: '1-0' }));
    await this.server.signals.publish(repliesChannel('sender'), JSON.stringify({ commands, queries: [] }));
    await settled();
  }

  async end(): Promise<void> {
    await this.client.close();
    await this.server.close();
  }

  private note({ body }: CommandEntry): void {
    for (const { id } of JSON.parse(body) as CommandEnvelope[]) this.queued.push(id);
    this.queuedAtMs.push(this.clock.nowMs());
  }
}

const agent = (agentId: string) => ({ agentId, role: 'developer', skills: [], harness: 'exec', instance: 'i' });

async function settled(): Promise<void> {
  for (let round = 0; round < 4; round++) await new Promise<void>((over) => setImmediate(over));
}

describe('a command without an answer', () => {
  let sending: Sending;
  beforeEach(async () => void (sending = await new Sending().start()));
  afterEach(() => sending.end());

  it('is queued once while its owner is slow, and what was sent together is looked for together', async () => {
    const ids = Array.from({ length: 1000 }, (_, n) => `c${n}`);
    const registered = sending.register(...ids);
    await sending.pass(8000);
    expect(sending.queued).toEqual(ids);
    expect(sending.entries()).toHaveLength(5);
    expect(sending.looks).toBe(5 * 3);
    await sending.answer(...ids);
    await Promise.all(registered);
    expect(sending.accepted).toHaveLength(1000);
    await sending.pass(20_000);
    expect([sending.queued.length, sending.looks]).toEqual([1000, 15]);
  });

  it('is sent again under its id, and answered once, when its answer was lost', async () => {
    const [registered] = sending.register('ada');
    await sending.pass(STEP_MS);
    await sending.consume();
    await sending.pass(1000);
    expect(sending.queued).toEqual(['ada', 'ada']);
    await sending.answer('ada');
    await registered;
    expect(sending.accepted).toHaveLength(1);
  });

  it('is sent again alone where others that were sent with it have their answers', async () => {
    void sending.register('ada', 'bob', 'eve');
    await sending.pass(STEP_MS);
    await sending.answer('ada', 'eve');
    await sending.consume();
    await sending.pass(1000);
    expect(sending.queued).toEqual(['ada', 'bob', 'eve', 'bob']);
  });

  it('is sent again after longer and longer pauses, up to the longest', async () => {
    void sending.register('ada');
    for (let passed = 0; passed < 40_000; passed += STEP_MS) {
      await sending.pass(STEP_MS);
      await sending.consume();
    }
    const pauses = sending.queuedAtMs.slice(1).map((atMs, i) => atMs - (sending.queuedAtMs[i] as number));
    expect(pauses).toEqual([750, 1500, 3000, 6000, 7500, 7500, 7500]);
  });

  it('is sent again when the log server has lost its entry', async () => {
    void sending.register('ada');
    await sending.pass(3000);
    sending.server.store.partition(0).queues.clear();
    await sending.pass(4000);
    expect(sending.queued).toEqual(['ada', 'ada']);
  });

  it('is looked for soon after the log server was away', async () => {
    void sending.register('ada');
    await sending.pass(2500); // The next look is due at 5250.
    sending.server.faults.restart('empty');
    await sending.pass(1000);
    expect(sending.queued).toEqual(['ada', 'ada']);
  });

  it('is sent again after the longest pause even though its queue has it: it may be decided, and its answer lost', async () => {
    void sending.register('ada');
    await sending.pass(9900);
    expect(sending.queued).toEqual(['ada']);
    await sending.pass(200);
    expect(sending.queued).toEqual(['ada', 'ada']);
    await sending.pass(9700);
    expect(sending.queued).toHaveLength(2);
    await sending.pass(400);
    expect(sending.queued).toHaveLength(3);
  });

  it('is sent again when nobody can say whether its queue has it', async () => {
    sending.server.faults.failNext('holdsCommands', 'before');
    void sending.register('ada');
    await sending.pass(1000);
    expect(sending.queued).toEqual(['ada', 'ada']);
  });

  it('is refused, as before it was sent, when the log server is away by the time of the look', async () => {
    const [registered] = sending.register('ada');
    const refused = expect(registered).rejects.toMatchObject({ name: 'LogUnavailable', outcomeUnknown: false });
    await sending.pass(STEP_MS);
    sending.server.faults.goAway();
    await sending.pass(1000);
    await refused;
  });

  it('that may not have been queued is sent again after longer and longer pauses', async () => {
    for (let n = 0; n < 5; n++) sending.server.faults.failNext('send', 'after');
    void sending.register('ada');
    await sending.pass(3000);
    const atMs = sending.entries().map(({ id }) => Number(id.split('-')[0]));
    const pauses = atMs.slice(1).map((at, i) => at - (atMs[i] as number));
    expect(pauses.slice(1)).toEqual([100, 150, 300, 600]);
    await sending.answer('ada');
    expect(sending.accepted).toHaveLength(1);
  });
});

describe('an answer that is lost', () => {
  it('is asked for again well before the deadline, though the queue still has the command', async () => {
    const world = await World.create();
    await world.start(rollService());
    const client = await createTorchClient(world.server.connect());
    world.server.faults.failNext('publish', 'before');
    const data = { agentId: 'ada', role: 'developer', skills: [], harness: 'exec', instance: 'i' };
    await client.command(REGISTER, { project: 'default', actor: 'user:spec' }, data as never);
    expect(world.server.store.partition(0).queues.get(SERVICE)).toHaveLength(2);
    expect(await world.names()).toEqual(['ada']);
    await client.close();
    await world.end();
  });
});
