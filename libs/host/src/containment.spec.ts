import { commandContract, type CommandContract, hostQueries, type IncidentRecorded } from '@torch/contracts';
import type { AnyEvent } from '@torch/kernel';
import { waitUntil } from '@torch/testing';
import { replayProject } from './replay';
import { diaryService, rollService } from './spec/ledger.fixture';
import { FaultyRules, type Mistake } from './spec/faulty.fixture';
import { World } from './spec/world.fixture';

/** Owners keep what they took in in memory only until they are ready to give way: probation is short here. */
const CONFIG = { faultProbationMs: 60_000, leaseGraceMs: 0 };

let world: World;
const fatal: unknown[] = [];
beforeEach(async () => {
  fatal.length = 0;
  world = await World.create();
});
afterEach(async () => {
  await world.end();
  expect(fatal).toEqual([]);
});

const options = { config: CONFIG, onFatal: (error: unknown) => void fatal.push(error) };
const refusal = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'accepted',
    (error: { code?: string }) => error.code ?? String(error),
  );
const events = async (type: string): Promise<AnyEvent[]> =>
  (await world.commits()).flatMap((commit) => commit.events.filter((event) => event.type === type));
const suspended = async () => {
  const { suspended: found = [] } = await world.connected.queryPartition(hostQueries.getOwner('registry'), 0, {});
  return found.map(({ project, quarantined }) => ({ project, quarantined }));
};
const isQuarantined = () =>
  waitUntil(async () => (await suspended()).some(({ quarantined }) => quarantined), { what: 'the project to be quarantined' });

/** What a replay of the log makes of a project is what the owner has, whatever has happened to it. */
async function expectReplaysAlike(rules: FaultyRules, project: string): Promise<void> {
  const { digest, ownSeq, foreignSeq } = await world.connected.query(hostQueries.getDigest('registry'), project, {});
  const replayed = await replayProject({
    log: world.server.log,
    decider: rules.decider,
    service: 'registry',
    partition: 0,
    project,
    through: { ownSeq, foreignSeq },
  });
  expect(replayed.digest).toBe(digest);
}

describe('a command on which the rules fail', () => {
  it.each<Mistake>(['decide', 'misfit'])('is refused as internal, for good, and nobody else notices (%s)', async (mistake) => {
    const rules = new FaultyRules(mistake);
    await world.start(rules.service(), options);
    const asked = await Promise.all(['ada', 'bad-1', 'bob'].map((name) => refusal(world.register(name, `id-${name}`))));
    expect(asked).toEqual(['accepted', 'internal', 'accepted']);
    expect(await world.names()).toEqual(['ada', 'bob']);
    rules.mistakes.clear();
    expect(await refusal(world.register('bad-1', 'id-bad-1'))).toBe('internal'); // As any recorded answer.
    expect(await suspended()).toEqual([]);
    await expectReplaysAlike(rules, 'default');
  });

  it('leaves an incident in the log that says what and where, and not what the command held', async () => {
    const rules = new FaultyRules('decide');
    await world.start(rules.service(), options);
    const answer = await world.register('bad-secret').catch((error: Error) => error.message);
    const [incident] = await events('incident.recorded');
    const data = incident?.data as IncidentRecorded;
    expect(data).toMatchObject({ service: 'registry', stage: 'command', inputType: 'RegisterAgent', code: 'TypeError' });
    expect(data.place).toMatch(/fail \(faulty\.fixture\.ts:\d+\)$/);
    expect(data.suspendedFromSeq).toBeUndefined();
    expect(answer).toContain(data.incidentId);
    expect(JSON.stringify(incident)).not.toContain('unlucky');
  });

  it('leaves nothing of itself in the state when the rules fail while they take it in', async () => {
    const rules = new FaultyRules('evolve');
    await world.start(rules.service(), options);
    await world.register('ada');
    expect(await refusal(world.register('pair-1'))).toBe('internal');
    await waitUntil(async () => (await suspended()).length === 0, { what: 'the project to be in service again' });
    expect(await world.names()).toEqual(['ada']);
    await world.register('bob');
    expect(await world.names()).toEqual(['ada', 'bob']);
    expect(await events('project.released')).toHaveLength(1);
    await expectReplaysAlike(rules, 'default');
  });
});

describe('a project on which the rules fail by themselves', () => {
  const failing = async (mistake: Mistake): Promise<FaultyRules> => {
    const rules = new FaultyRules(mistake);
    await world.start(rules.service(), options);
    await world.register('zoe', undefined, 'other');
    await refusal(world.register('bad-1'));
    return rules;
  };

  it.each<Mistake>(['settle', 'due', 'timer', 'due-at'])('is quarantined, and all others go on (%s)', async (mistake) => {
    const rules = await failing(mistake);
    await isQuarantined();
    expect(await refusal(world.register('ada'))).toBe('project-quarantined');
    await world.register('yan', undefined, 'other');
    expect(await world.names('other')).toEqual(['zoe', 'yan']);
    expect(await suspended()).toEqual([{ project: 'default', quarantined: true }]);
    await expectReplaysAlike(rules, 'default');
    await expectReplaysAlike(rules, 'other');
  });

  it('is quarantined for the next owner as well, and for one that starts from its snapshot', async () => {
    const rules = await failing('settle');
    await isQuarantined();
    await world.hosts[0]?.stop();
    await world.start(rules.service(), options);
    expect(await suspended()).toEqual([{ project: 'default', quarantined: true }]);
    expect(await refusal(world.register('ada'))).toBe('project-quarantined');
    await expectReplaysAlike(rules, 'default');
  });

  it('is released on request once the mistake is gone, and takes the refused command under its id', async () => {
    const rules = await failing('settle');
    await isQuarantined();
    expect(await refusal(world.register('ada', 'id-ada'))).toBe('project-quarantined');
    rules.mistakes.clear();
    await world.command('ReleaseProject', {});
    await waitUntil(async () => (await suspended()).length === 0, { what: 'the release' });
    await world.register('ada', 'id-ada');
    expect(await world.names()).toEqual(['bad-1', 'ada']);
    await expectReplaysAlike(rules, 'default');
  });

  it('is quarantined again when the mistake is still there', async () => {
    await failing('settle');
    await isQuarantined();
    await world.command('ReleaseProject', {});
    await waitUntil(async () => (await events('project.quarantined')).length === 2, { what: 'the second quarantine' });
    expect(await suspended()).toEqual([{ project: 'default', quarantined: true }]);
  });

  it('cannot be released when it is in service', async () => {
    await world.start(new FaultyRules().service(), options);
    expect(await refusal(world.command('ReleaseProject', {}))).toBe('not-quarantined');
  });
});

describe('an event of the log that the rules cannot take in', () => {
  it('costs the project its owner, not the partition, until rules come that can', async () => {
    const rules = new FaultyRules();
    const first = await world.start(rules.service(), options);
    await world.register('bad-1');
    await world.register('zoe', undefined, 'other');
    await first.stop();
    const lost = world.server.store.partition(0).caches;
    lost.clear(); // Without the snapshot, the log is read again.
    rules.mistakes.add('evolve');
    await world.start(rules.service(), options);
    await isQuarantined();
    await world.register('yan', undefined, 'other');
    expect(await world.names('other')).toEqual(['zoe', 'yan']);
    rules.mistakes.clear();
    await world.command('ReleaseProject', {});
    await waitUntil(async () => (await suspended()).length === 0, { what: 'the release' });
    expect(await world.names()).toEqual(['bad-1']);
    await expectReplaysAlike(rules, 'default');
  });
});

describe('a reaction that fails', () => {
  it('is made up for when the project is released, with what came meanwhile, in order', async () => {
    let broken = true;
    const reacted: string[] = [];
    const reactions: ReturnType<typeof diaryService>['reactions'] = new Map([
      [
        'agent.registered',
        (event: AnyEvent) => {
          const { agentId } = event.data as { agentId: string };
          if (broken && agentId === 'bad') throw new Error('A mistake in a reaction.');
          reacted.push(agentId);
          return [{ type: 'ReleaseAgent', data: { agentId, reason: 'agent-gone' } }];
        },
      ],
    ]);
    await world.start(rollService());
    await world.start(diaryService({ reactions }), options);
    for (const name of ['ada', 'bad', 'bob']) await world.register(name);
    const owner = () => world.connected.queryPartition(hostQueries.getOwner('scheduler'), 0, {});
    await waitUntil(async () => (await owner()).suspended?.some(({ quarantined }) => quarantined), { what: 'the quarantine' });
    expect(reacted).toEqual(['ada']);
    await world.register('cyd');
    broken = false;
    const contract = { ...(commandContract('CancelRun') as CommandContract), type: 'ReleaseProject' };
    await world.connected.command(contract, { project: 'default', actor: 'user:spec' }, {} as never);
    await waitUntil(async () => (await owner()).suspendedCount === 0, { what: 'the release' });
    expect(reacted).toEqual(['ada', 'bad', 'bob', 'cyd']);
  });
});

describe('what makes recovering a project hard', () => {
  const isOut = async (): Promise<boolean> => (await suspended()).length > 0;

  it('ends no service when what the project missed cannot be read', async () => {
    let broken = true;
    const reactions: ReturnType<typeof diaryService>['reactions'] = new Map([
      [
        'agent.registered',
        () => {
          if (broken) throw new Error('A mistake in a reaction.');
          return [];
        },
      ],
    ]);
    await world.start(rollService());
    await world.start(diaryService({ reactions }), options);
    await world.register('ada');
    const owner = () => world.connected.queryPartition(hostQueries.getOwner('scheduler'), 0, {});
    await waitUntil(async () => (await owner()).suspended?.some(({ quarantined }) => quarantined), { what: 'the quarantine' });
    broken = false;
    const { log } = world.server;
    for (let i = 0; i < 30; i++) await world.register(`later-${i}`);
    const { seq } = await log.head(0);
    await waitUntil(async () => (await owner()).headSeq === seq, { what: 'the scheduler to have read everything' });
    world.server.store.partition(0).trimGuard.clear();
    await log.setTrimGuard(0, 'spec', seq);
    await log.trim(0, seq); // And nobody has an archive.
    const contract = { ...(commandContract('CancelRun') as CommandContract), type: 'ReleaseProject' };
    await world.connected.command(contract, { project: 'default', actor: 'user:spec' }, {} as never);
    await waitUntil(async () => (await owner()).suspended?.some(({ quarantined }) => quarantined), { what: 'the second quarantine' });
    const cancel = commandContract('CancelRun') as CommandContract;
    await world.connected.command(cancel, { project: 'other', actor: 'user:spec' }, { runId: 'r', reason: 'x' } as never);
  });

  it.each([
    ['a name that is no text', Object.assign(new Error('x'), { name: 5 })],
    ['a stack that is no text', Object.assign(new Error('x'), { stack: 5 })],
    [
      'a code that cannot be asked for',
      Object.defineProperty(new Error('x'), 'code', {
        get: () => {
          throw new Error('y');
        },
      }),
    ],
    ['no error at all', undefined],
  ])('is an error with %s, and it stays with its command', async (_what, thrown) => {
    const { decider } = new FaultyRules();
    const decide: typeof decider.decide = (state, command, context) => {
      if ((command.data as { agentId: string }).agentId === 'odd') throw thrown as Error;
      return decider.decide(state, command, context);
    };
    await world.start(rollService({ decider: { ...decider, decide } }), options);
    expect(await refusal(world.register('odd'))).toBe('internal');
    await world.register('ada');
    expect(await world.names()).toEqual(['ada']);
    expect(await isOut()).toBe(false);
  });

  it('repeats the reactions that the turn had still to do when the rules failed on a later event', async () => {
    let broken = true;
    const reacted: string[] = [];
    const base = diaryService();
    const evolve: typeof base.decider.evolve = (state, event) => {
      if (broken && (event.data as { agentId?: string }).agentId === 'bad') throw new Error('A mistake.');
      return base.decider.evolve(state, event);
    };
    const reactions: typeof base.reactions = new Map([
      [
        'agent.registered',
        (event: AnyEvent) => {
          reacted.push((event.data as { agentId: string }).agentId);
          return [];
        },
      ],
    ]);
    await world.start(rollService());
    for (const name of ['ada', 'abe', 'bad', 'bob']) await world.register(name);
    await world.start({ ...base, decider: { ...base.decider, evolve }, reactions }, options); // It takes all of them in at once.
    const owner = () => world.connected.queryPartition(hostQueries.getOwner('scheduler'), 0, {});
    await waitUntil(async () => (await owner()).suspended?.some(({ quarantined }) => quarantined), { what: 'the quarantine' });
    broken = false;
    const contract = { ...(commandContract('CancelRun') as CommandContract), type: 'ReleaseProject' };
    await world.connected.command(contract, { project: 'default', actor: 'user:spec' }, {} as never);
    await waitUntil(async () => (await owner()).suspendedCount === 0, { what: 'the release' });
    expect(reacted).toEqual(['ada', 'abe', 'bad', 'bob']);
  });
});
