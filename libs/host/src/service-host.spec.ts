import { hostQueries } from '@torch/contracts';
import { waitUntil } from '@torch/testing';
import { HOST_DEFAULTS } from './host.config';
import { SILENT_LOGGER } from './host.ports';
import { replayProject } from './replay';
import { diaryDecider, diaryService, rollDecider, rollService } from './spec/ledger.fixture';
import { World } from './spec/world.fixture';
import { ServiceHost } from './service-host';

describe('a service host', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.create();
  });
  afterEach(() => world.end());

  it('answers a command once its events are in the log', async () => {
    await world.start(rollService());
    expect(await world.register('ada')).toBe('1-0');
    const [commit] = await world.commits();
    expect(commit).toMatchObject({
      service: 'registry',
      epoch: 1,
      consumed: { commands: 1, seq: 0 },
      events: [{ type: 'agent.registered', actor: 'user:spec', subject: 'agent/ada', v: 2 }],
    });
  });

  it('gives a command that is sent three times one effect and one answer', async () => {
    await world.start(rollService());
    const answers = await Promise.all([world.register('ada', 'same'), world.register('ada', 'same'), world.register('ada', 'same')]);
    answers.push(await world.register('ada', 'same'));
    expect(new Set(answers)).toEqual(new Set(['1-0']));
    expect(await world.eventTypes()).toEqual(['agent.registered']);
  });

  it('refuses a command again that it has refused, even when the rule would allow it by now', async () => {
    await world.start(rollService());
    const leave = () => world.command('DeregisterAgent', { agentId: 'ada', reason: 'spec' }, 'leave');
    await expect(leave()).rejects.toMatchObject({ code: 'unknown-agent' });
    await world.register('ada');
    await expect(leave()).rejects.toMatchObject({ code: 'unknown-agent' });
    expect(await world.names()).toEqual(['ada']);
  });

  it('remembers its answers through a change of owner', async () => {
    const first = await world.start(rollService());
    await world.register('ada', 'same');
    await first.stop();
    await world.start(rollService());
    expect(await world.register('ada', 'same')).toBe('1-0');
    expect(await world.eventTypes()).toEqual(['agent.registered']);
  });

  it('takes an id whose time is over for a new command, and remembers those of later, also after a change of owner', async () => {
    const nextOwner = async (aheadMs: number): Promise<void> => {
      await Promise.all(world.hosts.map((host) => host.stop()));
      world.serverAheadMs = aheadMs;
      await world.start(rollService());
    };
    await nextOwner(0);
    const accepted = await world.register('ada', 'same');
    await nextOwner(HOST_DEFAULTS.idempotencyKeptMs / 2);
    await world.register('bob', 'later');
    expect(await world.register('ada', 'same')).toBe(accepted);
    await nextOwner(HOST_DEFAULTS.idempotencyKeptMs + 60_000);
    await world.register('eve');
    const asNew = () => expect(world.register('ada', 'same')).rejects.toMatchObject({ code: 'agent-exists' });
    await asNew();
    await nextOwner(HOST_DEFAULTS.idempotencyKeptMs + 60_000);
    await asNew();
    expect(await world.register('bob', 'later')).toBe('2-0');
    expect(await world.names()).toEqual(['ada', 'bob', 'eve']);
  });

  it('says what it cannot go on for, also where what was thrown is no error', async () => {
    const said: string[] = [];
    const log = { ...SILENT_LOGGER, error: (message: string) => void said.push(message) };
    const definition = { ...rollService(), prepare: () => Promise.reject({ status: 3 } as unknown as Error) };
    const host = new ServiceHost({ server: world.server, definition, log });
    await host.start();
    await waitUntil(() => said.length > 0, { what: 'it has said so' });
    expect(said).toEqual(['registry cannot go on with partition 0: {"status":3}, which is no error']);
    await host.stop();
  });

  it('rejects a command that does not fit its contract, and names the field', async () => {
    await world.start(rollService());
    await expect(
      world.command('RegisterAgent', { agentId: 'ada', role: 'DEVELOPER', skills: [], harness: 'exec', instance: 'i' }),
    ).rejects.toMatchObject({
      code: 'invalid-command',
      message: expect.stringContaining('"role"'),
    });
    expect(await world.names()).toEqual([]);
  });

  it('takes a command in that was queued while nobody owned the partition', async () => {
    const registered = world.register('ada');
    await world.start(rollService());
    expect(await registered).toBe('1-0');
  });

  it('turns another service’s event into commands of its own, once each', async () => {
    await world.start(rollService());
    await world.start(diaryService());
    await world.register('ada');
    await world.register('bob');
    await waitUntil(async () => (await world.eventTypes()).filter((type) => type === 'demand.changed').length === 2, {
      what: 'two reactions',
    });
  });

  it('takes in what was in the log when a command was sent, before it decides that command', async () => {
    await world.start(rollService());
    await world.start(diaryService({ reactions: new Map() }), { config: { logGatherMs: 60_000 } });
    for (const [index, name] of ['ada', 'bob', 'cyd'].entries()) {
      await world.register(name);
      await world.command('CancelRun', { runId: name, reason: 'spec' });
      const noted = (await world.commits()).flatMap(({ events }) => events).findLast(({ type }) => type === 'demand.changed');
      expect((noted?.data as { waiting: number }).waiting).toBeGreaterThanOrEqual(2 * index + 1);
    }
  });

  it('decides timers when they are due', async () => {
    await world.start(diaryService());
    await world.command('CancelRun', { runId: 'r', reason: 'spec' });
    await waitUntil(async () => (await world.eventTypes()).length === 2, { what: 'the timer' });
    const [, timer] = await world.commits();
    expect(timer?.events[0]).toMatchObject({ actor: 'service:scheduler', data: { role: 'timer' } });
  });

  it('tells about itself', async () => {
    const host = await world.start(rollService());
    const view = await world.connected.queryPartition(hostQueries.getOwner('registry'), 0, {} as never);
    expect(view).toMatchObject({ service: 'registry', partition: 0, holder: host.instance, epoch: 1, catchingUp: false });
  });

  it('refuses questions that it has no answer to', async () => {
    await world.start(rollService());
    await expect(world.connected.query(hostQueries.getDigest('scheduler'), 'default', {} as never, 300)).rejects.toMatchObject({
      name: 'DeadlineExceeded',
    });
  });

  it('replays to the state that it has, with foreign and own events in the order in which it took them in', async () => {
    await world.start(rollService());
    await world.start(diaryService());
    const names = Array.from({ length: 60 }, (_, i) => `agent-${i}`);
    await Promise.all(
      names.flatMap((name, i) => [
        world.register(name),
        ...(i % 3 === 0 ? [world.command('CancelRun', { runId: name, reason: 'spec' })] : []),
      ]),
    );
    await waitUntil(async () => (await world.digest('scheduler')).foreignSeq >= (await world.server.log.head(0)).seq - 1, {
      what: 'the scheduler to keep up',
    });
    for (const [service, decider] of [
      ['registry', rollDecider],
      ['scheduler', diaryDecider],
    ] as const) {
      const { ownSeq, foreignSeq, digest } = await world.digest(service);
      const replayed = await replayProject<unknown>({
        log: world.server.log,
        decider: decider as never,
        service,
        partition: 0,
        project: 'default',
        through: { ownSeq, foreignSeq },
      });
      expect(replayed.digest).toBe(digest);
    }
  });

  it('does not decide what one commit cannot hold', async () => {
    await world.start(rollService({ handleCommand: (command, turn) => ({ ...turn.decide(command) }) }));
    const long = 'x'.repeat(70_000);
    await expect(world.command('DeregisterAgent', { agentId: 'ada', reason: long })).rejects.toMatchObject({ code: 'invalid-command' });
  });
});
