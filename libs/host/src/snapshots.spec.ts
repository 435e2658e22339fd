import type { AnyEvent, Decider } from '@torch/kernel';
import { InMemoryLogServer, type LogEntry } from '@torch/log';
import { HOST_DEFAULTS } from './host.config';
import { SILENT_LOGGER } from './host.ports';
import { PartitionState } from './partition-state';
import { appendOwn } from './spec/commit.fixture';
import { Snapshots } from './snapshots';

const LINE_CHARS = 1_500_000;

/** A state of long lines, a part each: three of them are more than a page. */
const lines: Decider<string[]> = {
  foreign: [],
  initialState: () => [],
  decide: () => [],
  evolve: (state) => [...state, String(state.length).repeat(LINE_CHARS)],
  snapshot: {
    version: 1,
    encode: (state) => state,
    decode: (encoded) => encoded as string[],
    parts: {
      encode: (state) => state,
      decoder: () => {
        const taken: string[] = [];
        return { take: (line) => void taken.push(line as string), finish: () => taken };
      },
    },
  },
};
const PROJECTS = ['a', 'b'];

describe('snapshots in pages', () => {
  let server: InMemoryLogServer;
  beforeEach(async () => {
    server = new InMemoryLogServer();
    warnings.length = 0;
    await server.partitions(1);
    await appendOwn(server, 'registry');
  });
  afterEach(() => server.close());

  const stateOf = (decider: Decider<string[]> = lines): PartitionState<string[]> => new PartitionState('registry', decider, HOST_DEFAULTS);

  async function readOn(state: PartitionState<string[]>): Promise<PartitionState<string[]>> {
    for (const entry of await server.log.read(0, 0, 10)) state.takeIn(entry);
    state.drain();
    return state;
  }

  async function filled(): Promise<PartitionState<string[]>> {
    const state = await readOn(stateOf());
    for (const project of PROJECTS) for (let i = 0; i < 4; i++) state.evolve({ project } as AnyEvent);
    return state;
  }
  const newest = async (): Promise<LogEntry> => (await server.log.read(0, 0, 10)).at(-1) as LogEntry;
  const warnings: string[] = [];
  const logger = { ...SILENT_LOGGER, warn: (message: string) => void warnings.push(message) };
  const snapshots = (): Snapshots => new Snapshots(server.caches, server.log, logger);
  const write = async (state: PartitionState<string[]>, by = snapshots()): Promise<boolean> => by.write(0, state, await newest());
  const restore = async (decider = lines): Promise<PartitionState<string[]>> =>
    (await snapshots().restore(0, () => stateOf(decider))).state;
  const pages = async (slot: number): Promise<number[]> => {
    const found = await Promise.all([0, 1, 2, 3, 4, 5].map((n) => server.caches.get(0, `snapshot-${slot}-${n}:registry`)));
    return found.flatMap((text) => (text === undefined ? [] : [text.length]));
  };

  it('restore what was written, project by project', async () => {
    const state = await filled();
    expect(await write(state)).toBe(true);
    expect((await pages(1)).length).toBeGreaterThan(2);
    const restored = await restore();
    expect(PROJECTS.map((project) => restored.state(project))).toEqual(PROJECTS.map((project) => state.state(project)));
    expect(restored.read).toEqual(state.read);
  });

  it('hold what was answered too, apart from what the head says', async () => {
    const state = await filled();
    const count = 20_000;
    for (let n = 0; n < count; n++) state.answered.record({ seq: 1 + n, generation: 0 }, [`a/${n}`], n);
    expect(await write(state)).toBe(true);
    expect((await server.caches.get(0, 'snapshot:registry'))?.length).toBeLessThan(2000);
    const { answered } = await restore();
    expect(answered.size).toBe(count);
    expect(answered.get(`a/${count - 1}`)).toEqual({ position: { seq: count, generation: 0 }, answer: [`a/${count - 1}`] });
  });

  it('keep the one before while the next is written', async () => {
    const writer = snapshots();
    const state = await filled();
    await write(state, writer);
    const before = state.state('a').length;
    state.evolve({ project: 'a' } as AnyEvent);
    const set = server.caches.set.bind(server.caches);
    let writes = 0;
    server.caches.set = (partition, name, value) => (++writes > 1 ? Promise.reject(new Error('crash')) : set(partition, name, value));
    expect(await write(state, writer)).toBe(false);
    expect(warnings).toEqual([expect.stringMatching(/snapshot of registry on partition 0 could not be written/)]);
    server.caches.set = set;
    const restored = await restore();
    expect(restored.state('a')).toHaveLength(before);
  });

  it('are not used when a page is not the one that was written', async () => {
    await write(await filled());
    await server.caches.set(0, 'snapshot-1-1:registry', '["a","other"]');
    const restored = await restore();
    expect([restored.projectNames(), restored.ownSeq]).toEqual([[], 0]);
  });

  it('leave nothing behind of one that was larger', async () => {
    const writer = snapshots();
    await write(await filled(), writer);
    await write(await filled(), writer);
    const small = await readOn(stateOf());
    small.evolve({ project: 'a' } as AnyEvent);
    await write(small, writer);
    expect((await pages(1)).filter((length) => length > 0)).toHaveLength(1);
  });

  it('are given up when one part is larger than the cache takes', async () => {
    const state = await readOn(stateOf({ ...lines, evolve: () => ['x'.repeat(server.caches.bytesMax)] }));
    state.evolve({ project: 'a' } as AnyEvent);
    expect(await write(state)).toBe(false);
  });

  it('are none, and a warning, when a state cannot be encoded', async () => {
    const fails = (): never => {
      throw new Error('No such part.');
    };
    const state = await readOn(stateOf({ ...lines, snapshot: { ...lines.snapshot, parts: { ...lines.snapshot.parts!, encode: fails } } }));
    state.evolve({ project: 'a' } as AnyEvent);
    expect(await write(state)).toBe(false);
    expect(warnings).toHaveLength(1);
  });

  it.each(['take', 'finish'] as const)('are none, and a warning, when a decoder cannot %s what is in them', async (step) => {
    await write(await filled());
    const fails = (): never => {
      throw new Error('No such state.');
    };
    const parts = { ...lines.snapshot.parts!, decoder: () => ({ ...lines.snapshot.parts!.decoder(), [step]: fails }) };
    const restored = await restore({ ...lines, snapshot: { ...lines.snapshot, parts } });
    expect([restored.projectNames(), restored.ownSeq]).toEqual([[], 0]);
    expect(warnings).toEqual([expect.stringMatching(/snapshot of registry on partition 0 cannot be read/)]);
  });

  it('are none, and a warning, when the head is no JSON', async () => {
    await write(await filled());
    await server.caches.set(0, 'snapshot:registry', '{"version":');
    expect((await restore()).projectNames()).toEqual([]);
    expect(warnings).toHaveLength(1);
  });
});
