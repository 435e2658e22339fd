import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { listStates, NODE_DISK, readArchive, readManifest, readStatesNote } from '@torch/archive';
import { SERVICE_NAMES } from '@torch/contracts';
import { emptyAudit } from '@torch/domain-audit';
import { LOG_TAILS_DEFAULTS, LogTails, type ServiceDefinition, ServiceHost } from '@torch/host';
import { type AnyEvent, type Decider, InvariantViolation } from '@torch/kernel';
import { encodeCommit, Fenced, InMemoryLogServer, type Lease, type Position } from '@torch/log';
import { waitUntil } from '@torch/testing';
import { ChainKeeper } from '../adapters/chain-keeper.adapter';
import { LogArchived } from '../adapters/log-archived.adapter';
import { AUDIT_DEFAULTS } from '../audit.config';
import { GateKeeper } from './gate.keeper';
import { StateKeeper } from './state.keeper';

const PARTITION = 0;
const LONG_AGO_MS = 1000;
const EXPIRY = async () => new Map([['default', LONG_AGO_MS + 1000]]);

/** Who is there; whoever leaves must have come. */
const roll: Decider<string[]> = {
  foreign: [],
  initialState: () => [],
  decide: () => [],
  evolve: (names, { type, data }) => {
    const { agentId } = data as { agentId: string };
    if (type === 'agent.registered') return [...names, agentId];
    if (type === 'agent.deregistered' && !names.includes(agentId)) throw new InvariantViolation(`Nobody has seen agent ${agentId} come.`);
    return names.filter((name) => name !== agentId);
  },
  snapshot: { version: 1, encode: (names) => names, decode: (encoded) => encoded as string[] },
};
const registry = (onOwned: (names: readonly string[]) => void): ServiceDefinition<string[]> =>
  ({
    service: 'registry',
    decider: roll,
    handleCommand: () => undefined,
    queries: new Map(),
    reactions: new Map(),
    effects: new Map(),
    onOwned: (owned: { state(project: string): string[] }) => onOwned(owned.state('default')),
  }) as never;

const event = (type: string, agentId: string, data: object): AnyEvent =>
  ({
    type,
    v: 1,
    subject: `agent/${agentId}`,
    project: 'default',
    actor: 'user:spec',
    correlationId: 'spec',
    data: { agentId, ...data },
  }) as AnyEvent;
const registered = (agentId: string): AnyEvent =>
  event('agent.registered', agentId, {
    ...{ name: agentId, role: 'developer', skills: [], capacity: 1, harness: 'exec', instance: 'i', registeredAtMs: 1 },
  });
const deregistered = (agentId: string): AnyEvent => event('agent.deregistered', agentId, { reason: 'spec', deregisteredAtMs: 1 });

describe('a log whose beginning retention has taken out of the archive', () => {
  let dataDir: string;
  let server: InMemoryLogServer;
  let guarded: InMemoryLogServer;
  let tails: LogTails;
  let keeper: ChainKeeper;
  let archived: LogArchived;

  beforeAll(() => Logger.overrideLogger(false));
  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'torch-states-'));
    server = new InMemoryLogServer({ gate: 'keeper' });
    await server.identity({ partitions: 1 });
    guarded = server.connect({ gate: 'guarded' });
    tails = new LogTails(server, { ...LOG_TAILS_DEFAULTS, gatherMs: 0 });
    archived = new LogArchived(server);
  });
  afterEach(async () => {
    await keeper.onReleased(PARTITION);
    archived.onModuleDestroy();
    await tails.close();
    await guarded.close();
    await server.close();
    rmSync(dataDir, { recursive: true });
  });

  const place = () => ({ dir: join(dataDir, 'audit'), partition: PARTITION });

  async function own(commitsMax = 0): Promise<void> {
    const env = { dataDir, archiveDir: place().dir, partitions: 1, gate: 'audit' } as const;
    const states = new StateKeeper(env, server);
    const gate = new GateKeeper(env, server, states, { commitsMax });
    keeper = new ChainKeeper(env, { ...AUDIT_DEFAULTS, groupMs: 0, segmentMs: 10, retryMs: 10 }, server, tails, gate, states, archived);
    await waitUntil(
      async () => {
        const lease = (await server.leases.acquire(PARTITION, 'audit', 'spec', 60_000)) as Lease;
        return keeper
          .prepare(lease, async () => ({ entry: '0-0', commands: 0, seq: 0 }))
          .then(
            () => true,
            (error: unknown) => {
              if (error instanceof Fenced) return false; // A state of its own was put back: it begins anew.
              throw error;
            },
          );
      },
      { what: 'the gate to be opened' },
    );
    keeper.onOwned({ partition: PARTITION, state: () => emptyAudit(), submit: () => Promise.resolve() });
  }

  async function append(service: string, events: readonly AnyEvent[], recordedAtMs = LONG_AGO_MS): Promise<Position> {
    const lease = (await guarded.leases.acquire(PARTITION, service, 'spec', 60_000)) as Lease;
    const seen = await guarded.log.head(PARTITION);
    const consumed = { entry: `${seen.seq + 1}-0`, commands: 0, seq: seen.seq };
    const body = encodeCommit({ service, epoch: lease.epoch, recordedAtMs, consumed, answers: [], events });
    const position = await guarded.log.append({ ...lease, seen, generation: seen.generation }, [body]);
    await guarded.leases.release(lease);
    return position;
  }

  /** Runs the registry until it owns the partition, or fails; it writes a snapshot when it lets go. */
  async function run(): Promise<readonly string[] | string> {
    let outcome: readonly string[] | string | undefined;
    const host = new ServiceHost({
      server: guarded,
      definition: registry((names) => (outcome = [...names])),
      config: { acquireEveryMs: 5, retryMs: 5, retryMsMax: 10, snapshotEveryCommits: 1 },
      onFatal: (error: unknown) => (outcome = (error as Error).message),
    });
    await host.start();
    const found = await waitUntil(() => outcome, { what: 'the registry' });
    await host.stop();
    return found;
  }

  /** Of services that are not run here: states in which nothing has happened. */
  async function otherSnapshots(position: Position): Promise<void> {
    for (const service of SERVICE_NAMES.filter((name) => name !== 'registry')) {
      const head = { version: 4, stateVersion: 1, position, seen: { position, hash: '' }, partition: {}, slot: 0, pageHashes: [] };
      await server.caches.set(PARTITION, `snapshot:${service}`, JSON.stringify(head));
    }
  }

  async function archivedAndSealed(): Promise<number> {
    const { seq } = await server.log.head(PARTITION);
    await waitUntil(async () => (await readManifest(place())).sealed.at(-1)?.lastSeq === seq, { what: 'all of it to be sealed' });
    return seq;
  }

  /** Three agents come, one goes; then commits of the scheduler, and, not expired, the second one goes. */
  async function lived(): Promise<Position> {
    await own();
    for (const agentId of ['ada', 'bob', 'eve']) await append('registry', [registered(agentId)]);
    await append('registry', [deregistered('ada')]);
    for (let n = 0; n < 8; n++) await append('scheduler', [event('demand.changed', `${n}`, {})]);
    expect(await run()).toEqual(['bob', 'eve']);
    const position = await server.log.head(PARTITION);
    await otherSnapshots(position);
    await append('registry', [deregistered('bob')], LONG_AGO_MS + 500);
    await append('registry', [registered('kim')], LONG_AGO_MS + 5000);
    await archivedAndSealed();
    return position;
  }

  const pruned = async (): Promise<number[]> => {
    const seqs: number[] = [];
    for await (const batch of readArchive(place())) for (const { position, body } of batch) if (body === undefined) seqs.push(position.seq);
    return seqs;
  };

  it('gives every service its state back when the log server has lost all it had', async () => {
    const { seq } = await lived();
    const { epoch } = (await guarded.leases.acquire(PARTITION, 'registry', 'spec', 60_000)) as Lease;
    expect((await keeper.prune(PARTITION, { expiry: EXPIRY, reason: 'retention' })).records).toBeGreaterThan(5);
    expect(Math.max(...(await pruned()))).toBeLessThan(seq);
    await keeper.onReleased(PARTITION);
    const identity = await server.identity({ partitions: 1 });
    server.faults.restart('empty');
    await server.identity(identity);
    let looks = 0;
    server.faults.intercept = (operation) => void (looks += Number(operation === 'head' || operation === 'first'));
    const running = run();
    await waitUntil(() => looks > 0, { what: 'the registry to look, before anything is put back' });
    await own();
    expect(await running).toEqual(['eve', 'kim']);
    expect((await server.log.first(PARTITION))?.seq).toBe(1);
    const lease = (await guarded.leases.acquire(PARTITION, 'registry', 'spec', 60_000)) as Lease;
    expect(lease.epoch).toBeGreaterThan(epoch);
  });

  it('is put back from where it is needed on, when the log server is to hold no more', async () => {
    const { seq } = await lived();
    await keeper.archiveStates(PARTITION, 0);
    await keeper.onReleased(PARTITION);
    const { epoch } = (await guarded.leases.acquire(PARTITION, 'scheduler', 'spec', 60_000)) as Lease;
    server.faults.restart('empty');
    await own(4);
    expect((await server.log.first(PARTITION))?.seq).toBe(seq - 1);
    expect(await run()).toEqual(['eve', 'kim']);
    // The scheduler's commits are not there; that it has had epochs is known all the same.
    expect(((await guarded.leases.acquire(PARTITION, 'scheduler', 'spec', 60_000)) as Lease).epoch).toBeGreaterThanOrEqual(epoch);
  });

  it('loses nothing while one service has no state in the archive', async () => {
    await lived();
    server.store.partition(PARTITION).caches.delete('snapshot:gateway');
    expect((await keeper.prune(PARTITION, { expiry: EXPIRY, reason: 'retention' })).records).toBe(0);
    expect((await readStatesNote(place(), NODE_DISK)).neededSeq).toBe(1);
    expect((await listStates(place(), NODE_DISK)).map(({ service }) => service)).not.toContain('gateway');
  });

  it('loses nothing that an effect has not followed yet', async () => {
    await lived();
    await server.log.setTrimGuard(PARTITION, 'effects:spawner', 3);
    await keeper.prune(PARTITION, { expiry: EXPIRY, reason: 'retention' });
    expect(await pruned()).toEqual([1, 2]);
  });

  it('does not rely on a state of what is not archived yet', async () => {
    const position = await lived();
    const { seq } = await server.log.head(PARTITION);
    await otherSnapshots({ ...position, seq: seq + 1 });
    await keeper.archiveStates(PARTITION, 0);
    expect(await listStates(place(), NODE_DISK)).toEqual([
      expect.objectContaining({ service: 'registry', position: expect.objectContaining({ seq: position.seq - 1 }) }),
    ]);
  });
});
