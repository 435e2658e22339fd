import { DeciderRun, type SpecCommand } from '@torch/testing';
import fc from 'fast-check';
import { registryDeciderWith } from '../registry.decider';
import { REGISTRY_LIMITS } from '../registry.state';
import { getContext, getContextHistory, listContext } from './context.reads';

const LIMITS = { documentsMax: 3, versionsKept: 4, textBytesMax: 8, jsonBytesMax: 12, projectBytesMax: 16, earlierBytesMax: 12 };
const decider = registryDeciderWith({ ...REGISTRY_LIMITS, context: LIMITS });

const KEYS = ['a', 'b', 'c', 'd', 'e'];
const key = fc.constantFrom(...KEYS);
const actor = fc.constantFrom('agent:1', 'agent:2', 'user:operator');
const text = fc.string({ maxLength: 9 });
/** Relative to the newest version, so that most writes are on it or just behind it. */
const behind = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.constantFrom(1, 2, -1));
interface Write {
  readonly key: string;
  readonly actor: string;
  readonly text?: string;
  readonly behind: number;
}
const write: fc.Arbitrary<Write> = fc.record({ key, actor, behind, text: fc.option(text, { nil: undefined, freq: 4 }) });
const writes = fc.array(write, { maxLength: 40, size: 'max' });

type Run = DeciderRun<ReturnType<typeof decider.initialState>>;
const commandOf = (run: Run, { key, actor, text, behind }: Write): SpecCommand => {
  const version = Math.max(0, (run.state.context.newest(key)?.version ?? 0) - behind);
  if (text === undefined) return { type: 'RemoveContext', actor, data: { key, version: Math.max(1, version) } };
  return { type: 'UpdateContext', actor, data: { key, version, text } };
};
const types = (decided: unknown): string[] => (Array.isArray(decided) ? decided.map(({ type }: { type: string }) => type) : []);
const taken = (decided: unknown): boolean => types(decided).some((type) => type === 'context.updated' || type === 'context.removed');

describe('safety', () => {
  it('of two who write on one version exactly one is taken; the other is told, and changes nothing', () => {
    fc.assert(
      fc.property(writes, fc.shuffledSubarray(['1', '2', '3', '4'], { minLength: 2 }), (past, writers) => {
        const run = new DeciderRun(decider);
        for (const write of past) run.tryToDecide(commandOf(run, write));
        const version = run.state.context.newest('a')?.version ?? 0;
        const outcomes = writers.map((writer) => {
          const before = JSON.stringify(run.state.context.encode());
          const decided = run.tryToDecide({
            type: 'UpdateContext',
            actor: `agent:${writer}`,
            data: { key: 'a', version, text: `<${writer}>` },
          });
          if (!taken(decided)) expect(JSON.stringify(run.state.context.encode())).toBe(before);
          return decided;
        });
        const room = outcomes.every((decided) => Array.isArray(decided)); // No limit was in the way.
        if (!room) return;
        expect(outcomes.filter(taken)).toHaveLength(1);
        expect(taken(outcomes[0])).toBe(true);
        for (const other of outcomes.slice(1)) expect(types(other)[0]).toBe('context.conflicted');
        expect(run.state.context.newest('a')).toMatchObject({ version: expect.any(Number), by: `agent:${writers[0]}` });
      }),
    );
  });

  it('versions of a key only count up, through tombstones, forgotten ones too', () => {
    fc.assert(
      fc.property(writes, (writes) => {
        const run = new DeciderRun(decider);
        for (const write of writes) run.tryToDecide(commandOf(run, write));
        for (const key of KEYS) {
          const versions = run.log
            .filter(({ type, data }) => type !== 'context.conflicted' && (data as { key?: string }).key === key)
            .map(({ data }) => (data as { version: number }).version);
          expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
        }
      }),
    );
  });

  it('no limit is passed, and what is kept are the newest versions', () => {
    fc.assert(
      fc.property(writes, (writes) => {
        const run = new DeciderRun(decider);
        for (const write of writes) {
          run.tryToDecide(commandOf(run, write));
          const { context } = run.state;
          const keys = context.keys();
          const bytes = (texts: readonly (string | undefined)[]): number =>
            texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ''), 0);
          expect(keys.length).toBeLessThanOrEqual(LIMITS.documentsMax);
          expect(bytes(keys.map((key) => context.newest(key)?.text))).toBeLessThanOrEqual(LIMITS.projectBytesMax);
          expect(bytes(keys.flatMap((key) => context.versions(key).slice(0, -1)).map(({ text }) => text))).toBeLessThanOrEqual(
            LIMITS.earlierBytesMax,
          );
          for (const key of keys) {
            const versions = context.versions(key).map(({ version }) => version);
            expect(versions.length).toBeLessThanOrEqual(LIMITS.versionsKept);
            expect(versions).toEqual(versions.map((_, i) => (versions[0] as number) + i));
          }
        }
      }),
    );
  });

  it('a replay of the log, and a snapshot anywhere in it, arrive at the live state', () => {
    fc.assert(
      fc.property(writes, fc.nat(40), (writes, restartAt) => {
        const run = new DeciderRun(decider);
        writes.forEach((write, i) => {
          run.tryToDecide(commandOf(run, write));
          if (i === restartAt) run.restart();
        });
        expect(run.digest(run.replayed())).toBe(run.digest());
        const read = ({ state }: Run) => [
          listContext(state, { removed: true }),
          ...KEYS.map((key) => [getContext(state, { key }), getContextHistory(state, { key })]),
        ];
        const live = read(run);
        expect(read(run.restart())).toEqual(live);
      }),
    );
  });
});

describe('liveness', () => {
  it('who reads what is there and writes on it is taken, whatever happened before', () => {
    fc.assert(
      fc.property(writes, key, (past, key) => {
        const run = new DeciderRun(decider);
        for (const write of past) run.tryToDecide(commandOf(run, write));
        const { version = 0, text } = run.state.context.newest(key) ?? {};
        const decided = run.tryToDecide({ type: 'UpdateContext', data: { key, version, text: text === '' ? 'x' : '' } });
        const full = !run.state.context.newest(key) && run.state.context.isFull;
        if (text !== '' && !full) expect(taken(decided)).toBe(true);
      }),
    );
  });
});
