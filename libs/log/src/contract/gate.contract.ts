import type { GateState } from '../gate';
import { type Lease, type LogEntry, type LogServer } from '../log';
import { Fenced, GateShut, LogRegressed, LogUnavailable } from '../log.errors';
import { formatPosition, START } from '../position';
import type { Checks, LogServerSubject } from './subject';
import { fenceOf, LEASE_MS, numbered, PARTITION, writer } from './writers';

interface Keeper {
  readonly server: LogServer;
  readonly lease: Lease;
  readonly incarnation: string;
}

/** A client that looks after the gate, with its lease. */
async function keeper({ connect }: LogServerSubject, holder = 'keeper'): Promise<Keeper> {
  const server = await connect({ gate: 'keeper' });
  await server.identity({ partitions: 8 });
  const lease = await server.leases.acquire(PARTITION, 'audit', holder, LEASE_MS);
  if (!lease) throw new Error('The keeper has no lease.');
  const { incarnation } = await server.gate.state(PARTITION);
  return { server, lease, incarnation };
}

const entries = (bodies: readonly string[], from = 1, generation = 0): LogEntry[] =>
  bodies.map((body, index) => ({ position: { seq: from + index, generation }, body }));

const stateOf = ({ server }: Keeper): Promise<GateState> => server.gate.state(PARTITION);

/** What keeps owners and readers from a log that may have lost what it had. */
export const gateChecks: Checks = {
  'a log that nobody has looked after yet is not created by those who wait for the gate': async ({ connect }) => {
    await expect((await connect({ gate: 'guarded' })).partitions(4)).rejects.toThrow(LogUnavailable);
    const { logId, partitions } = await (await connect({ gate: 'keeper' })).identity({ partitions: 4, logId: 'a-log' });
    expect({ logId, partitions }).toEqual({ logId: 'a-log', partitions: 4 });
    expect(await (await connect({ gate: 'guarded' })).identity({ partitions: 8, logId: 'another' })).toEqual({
      logId: 'a-log',
      partitions: 4,
    });
  },

  'while the gate is shut nobody who waits for it reads or appends': async (subject) => {
    const { server } = await keeper(subject);
    const guarded = await subject.connect({ gate: 'guarded' });
    const { lease } = await writer(server);
    await expect(guarded.log.read(PARTITION, 0, 10)).rejects.toThrow(GateShut);
    await expect(guarded.log.head(PARTITION)).rejects.toThrow(GateShut);
    await expect(guarded.log.first(PARTITION)).rejects.toThrow(GateShut);
    await expect(guarded.log.append(fenceOf(lease), ['too early'])).rejects.toThrow(GateShut);
    expect(await server.log.head(PARTITION)).toEqual(START);
  },

  'its keeper looks behind a shut gate, and appends of its own only once it is open': async (subject) => {
    const { server, lease, incarnation } = await keeper(subject);
    await expect(server.log.append(fenceOf(lease), ['too early'])).rejects.toThrow(GateShut);
    expect(await server.log.head(PARTITION)).toEqual(START);
    await server.gate.open(lease, incarnation, { head: START });
    expect(await server.log.append(fenceOf(lease), ['in time'])).toEqual({ seq: 1, generation: 0 });
  },

  'a shut gate is an unavailable log of which nothing was asked': async (subject) => {
    await keeper(subject);
    const guarded = await subject.connect({ gate: 'guarded' });
    await expect(guarded.log.read(PARTITION, 0, 1)).rejects.toMatchObject({ outcomeUnknown: false });
    await expect(guarded.log.read(PARTITION, 0, 1)).rejects.toThrow(LogUnavailable);
  },

  'once it is open, they work, on that partition': async (subject) => {
    const gate = await keeper(subject);
    await gate.server.gate.open(gate.lease, gate.incarnation, { head: START });
    const guarded = await subject.connect({ gate: 'guarded' });
    expect((await stateOf(gate)).state).toBe('open');
    await (await writer(guarded)).append('first');
    expect(await guarded.log.head(PARTITION)).toEqual({ seq: 1, generation: 0 });
    await expect(guarded.log.head(PARTITION + 1)).rejects.toThrow(GateShut);
  },

  'what is missing is put back under its own positions, and the next generation is opened with the gate': async (subject) => {
    const gate = await keeper(subject);
    await gate.server.gate.restore(gate.lease, gate.incarnation, entries(numbered(3)));
    await gate.server.gate.restore(gate.lease, gate.incarnation, entries(numbered(2, 4), 4, 1));
    const head = { seq: 5, generation: 1 };
    await gate.server.gate.open(gate.lease, gate.incarnation, { head, recovered: { generation: 2, body: 'recovered' } });
    const { log } = await subject.connect({ gate: 'guarded' });
    const found = await log.read(PARTITION, 0, 10);
    expect(found.map(({ position }) => formatPosition(position))).toEqual(['1-0', '2-0', '3-0', '4-1', '5-1', '6-2']);
    expect(found.map(({ body }) => body)).toEqual([...numbered(5), 'recovered']);
    expect(await log.head(PARTITION)).toEqual({ seq: 6, generation: 2 });
  },

  'nothing is put back where it would leave a hole or stand for something else': async (subject) => {
    const gate = await keeper(subject);
    await gate.server.gate.restore(gate.lease, gate.incarnation, entries(numbered(3)));
    for (const from of [2, 3, 5]) {
      const attempt = gate.server.gate.restore(gate.lease, gate.incarnation, entries(['other'], from));
      await expect(attempt).rejects.toThrow(LogRegressed);
    }
    expect((await gate.server.log.read(PARTITION, 0, 10)).map(({ body }) => body)).toEqual(numbered(3));
  },

  'nothing is put back once owners are at work': async (subject) => {
    const gate = await keeper(subject);
    await gate.server.gate.open(gate.lease, gate.incarnation, { head: START });
    await expect(gate.server.gate.restore(gate.lease, gate.incarnation, entries(['late']))).rejects.toThrow();
    expect(await gate.server.log.head(PARTITION)).toEqual(START);
  },

  'the gate is not opened on another end of the log than was looked at': async (subject) => {
    const gate = await keeper(subject);
    await gate.server.gate.restore(gate.lease, gate.incarnation, entries(numbered(2)));
    const opening = { head: { seq: 1, generation: 0 }, recovered: { generation: 1, body: 'recovered' } };
    await expect(gate.server.gate.open(gate.lease, gate.incarnation, opening)).rejects.toThrow(LogRegressed);
    expect((await stateOf(gate)).state).toBe('shut');
  },

  'a gate that was opened without an answer is opened once': async (subject) => {
    const gate = await keeper(subject);
    const opening = { head: START, recovered: { generation: 1, body: 'recovered' } };
    await gate.server.gate.open(gate.lease, gate.incarnation, opening);
    await gate.server.gate.open(gate.lease, gate.incarnation, opening);
    expect(await gate.server.log.head(PARTITION)).toEqual({ seq: 1, generation: 1 });
  },

  'a gate opened for another life of the log server is shut': async (subject) => {
    const gate = await keeper(subject);
    await gate.server.gate.open(gate.lease, 'an-earlier-life', { head: START });
    expect((await stateOf(gate)).state).toBe('shut');
    await expect((await subject.connect({ gate: 'guarded' })).log.head(PARTITION)).rejects.toThrow(GateShut);
  },

  'a gate that is refused says why, and shuts out those who were at work': async (subject) => {
    const gate = await keeper(subject);
    await gate.server.gate.open(gate.lease, gate.incarnation, { head: START });
    const guarded = await writer(await subject.connect({ gate: 'guarded' }));
    await guarded.append('before');
    await gate.server.gate.refuse(gate.lease, gate.incarnation, 'It differs at 7-0: ask.');
    expect(await stateOf(gate)).toEqual({ incarnation: gate.incarnation, state: 'refused', reason: 'It differs at 7-0: ask.' });
    await expect(guarded.server.log.append(fenceOf(guarded.lease, { seq: 1, generation: 0 }), ['after'])).rejects.toThrow(GateShut);
    await expect(guarded.server.log.append(fenceOf(guarded.lease), ['after'])).rejects.toThrow('It differs at 7-0: ask.');
    expect(await gate.server.log.head(PARTITION)).toEqual({ seq: 1, generation: 0 });
  },

  'who has lost the lease neither restores nor opens nor refuses': async (subject) => {
    const old = await keeper(subject);
    await old.server.leases.release(old.lease);
    const { incarnation } = await keeper(subject, 'successor');
    await expect(old.server.gate.restore(old.lease, incarnation, entries(['late']))).rejects.toThrow(Fenced);
    await expect(old.server.gate.open(old.lease, incarnation, { head: START })).rejects.toThrow(Fenced);
    await expect(old.server.gate.refuse(old.lease, incarnation, 'late')).rejects.toThrow(Fenced);
    await expect(old.server.gate.mark(old.lease, [{ service: 'registry', epoch: 9, entry: '5-0' }])).rejects.toThrow(Fenced);
    expect((await stateOf(old)).state).toBe('shut');
  },

  'a log is restored afresh from a later commit on, and what it had before is forgotten': async (subject) => {
    const { server, lease, incarnation } = await keeper(subject);
    await server.gate.restore(lease, incarnation, entries(['1', '2']));
    await expect(server.gate.restore(lease, incarnation, entries(['7', '8'], 7, 1))).rejects.toThrow(LogRegressed);
    await server.gate.restore(lease, incarnation, entries(['7', '8'], 7, 1), { afresh: true });
    await expect(server.gate.restore(lease, incarnation, entries(['8'], 8, 1), { afresh: true })).rejects.toThrow(LogRegressed);
    await server.gate.restore(lease, incarnation, entries(['9'], 9, 1));
    expect(await server.log.first(PARTITION)).toEqual({ seq: 7, generation: 1 });
    expect(await server.log.read(PARTITION, 6, 10)).toEqual(entries(['7', '8', '9'], 7, 1));
    await server.gate.open(lease, incarnation, { head: { seq: 9, generation: 1 } });
    expect(await server.log.head(PARTITION)).toEqual({ seq: 9, generation: 1 });
  },

  'epochs and command ids go on behind what the log has': async (subject) => {
    const { server, lease } = await keeper(subject);
    const entry = `${Date.now() + 3_600_000}-4`;
    await server.gate.mark(lease, [{ service: 'registry', epoch: 41, entry }]);
    await server.gate.mark(lease, [{ service: 'registry', epoch: 7, entry: '1-1' }]);
    expect(await server.leases.acquire(PARTITION, 'registry', 'owner', LEASE_MS)).toMatchObject({ epoch: 42 });
    expect(await server.commands.read(PARTITION, 'registry', '0-0', 10)).toEqual([]);
    await server.commands.send(PARTITION, 'registry', '["a command"]');
    expect(await server.commands.read(PARTITION, 'registry', entry, 10)).toMatchObject([{ body: '["a command"]' }]);
  },

  'a lease of an epoch that the log has had is taken back, and the keeper goes on': async (subject) => {
    const { server, lease } = await keeper(subject);
    const early = (await server.leases.acquire(PARTITION, 'registry', 'early', LEASE_MS))!;
    const marks = [lease.service, 'registry'].map((service) => ({ service, epoch: 41, entry: '5-0' }));
    await server.gate.mark(lease, marks);
    expect(await server.leases.renew(early, LEASE_MS)).toBe(false);
    const next = (await server.leases.acquire(PARTITION, 'registry', 'another', LEASE_MS))!;
    expect(next.epoch).toBe(42);
    await server.gate.mark(lease, marks);
    expect(await server.leases.renew(next, LEASE_MS)).toBe(true);
    expect(await server.leases.renew(lease, LEASE_MS)).toBe(true);
  },

  'commands that wait in a queue are still there after its ids were marked': async (subject) => {
    const { server, lease } = await keeper(subject);
    await server.commands.send(PARTITION, 'registry', '["waits"]');
    await server.gate.mark(lease, [{ service: 'registry', epoch: 1, entry: '5-5' }]);
    expect((await server.commands.read(PARTITION, 'registry', '0-0', 10)).map(({ body }) => body)).toEqual(['["waits"]']);
  },

  'how far the archive is can be asked, and is told to those who listen': async ({ connect, eventually }) => {
    const [one, two] = [await connect(), await connect()];
    expect(await one.archived.get(PARTITION)).toBeUndefined();
    const heard: unknown[] = [];
    const stop = await two.archived.listen(PARTITION, (state) => heard.push(state));
    const lease = (await one.leases.acquire(PARTITION, 'audit', 'one', LEASE_MS))!;
    const other = (await one.leases.acquire(PARTITION + 1, 'audit', 'one', LEASE_MS))!;
    await one.log.append({ ...lease, seen: START, generation: 1 }, ['1', '2', '3', '4']);
    await one.archived.publish(lease, { position: { seq: 3, generation: 1 } });
    await one.archived.publish(lease, { position: { seq: 4, generation: 1 }, failing: 'The disk is full.' });
    await one.archived.publish(other, { position: START });
    await eventually(() => heard.length >= 2, 'both are heard');
    expect(heard).toEqual([{ position: { seq: 3, generation: 1 } }, { position: { seq: 4, generation: 1 }, failing: 'The disk is full.' }]);
    expect(await two.archived.get(PARTITION)).toEqual({ position: { seq: 4, generation: 1 }, failing: 'The disk is full.' });
    await stop();
  },

  'how far the archive is cannot be told by whoever was followed by another': async ({ connect }) => {
    const [one, two] = [await connect(), await connect()];
    const before = (await one.leases.acquire(PARTITION, 'audit', 'one', LEASE_MS))!;
    await one.log.append({ ...before, seen: START, generation: 0 }, ['1', '2']);
    await one.archived.publish(before, { position: { seq: 1, generation: 0 } });
    const sameHolder = (await one.leases.acquire(PARTITION, 'audit', 'one', LEASE_MS))!;
    await expect(one.archived.publish(before, { position: { seq: 2, generation: 0 } })).rejects.toThrow(Fenced);
    await one.leases.release(sameHolder);
    const after = (await two.leases.acquire(PARTITION, 'audit', 'two', LEASE_MS))!;
    await expect(one.archived.publish(sameHolder, { position: { seq: 2, generation: 0 } })).rejects.toThrow(Fenced);
    expect(await two.archived.get(PARTITION)).toEqual({ position: { seq: 1, generation: 0 } });
    await two.archived.publish(after, { position: { seq: 2, generation: 0 } });
    expect(await one.archived.get(PARTITION)).toEqual({ position: { seq: 2, generation: 0 } });
  },

  'nothing is told as archived that the log does not have under that position': async ({ connect }) => {
    const server = await connect();
    const lease = (await server.leases.acquire(PARTITION, 'audit', 'one', LEASE_MS))!;
    await server.log.append({ ...lease, seen: START, generation: 0 }, ['1', '2', '3']);
    await server.log.append({ ...lease, seen: { seq: 3, generation: 0 }, generation: 1 }, ['4', '5', '6']);
    for (const position of [
      { seq: 5, generation: 0 },
      { seq: 3, generation: 1 },
      { seq: 7, generation: 1 },
      { seq: 6, generation: 2 },
    ])
      await expect(server.archived.publish(lease, { position })).rejects.toThrow(LogRegressed);
    expect(await server.archived.get(PARTITION)).toBeUndefined();
    await server.log.setTrimGuard(PARTITION, 'test', 5);
    await server.log.trim(PARTITION, 5);
    await server.archived.publish(lease, { position: { seq: 2, generation: 0 } });
    await server.archived.publish(lease, { position: { seq: 5, generation: 1 } });
    expect(await server.archived.get(PARTITION)).toEqual({ position: { seq: 5, generation: 1 } });
  },

  'without replicas none has confirmed anything, and nobody waits for long': async ({ connect }) => {
    const server = await connect();
    expect(await Promise.all([server.replicas(1, 20), server.replicas(1, 20), server.replicas(2, 20)])).toEqual([0, 0, 0]);
  },
};
