import { DeciderRun, type SpecEvent } from '@torch/testing';
import { registryDecider, registryDeciderWith } from '../registry.decider';
import { REGISTRY_LIMITS } from '../registry.state';
import { CONTEXT_LIMITS } from './context.limits';
import { compareContext, getContext, getContextHistory, listContext } from './context.reads';

const updated = (key: string, version: number, content: object): SpecEvent => ({
  type: 'context.updated',
  actor: 'agent:a',
  data: { key, version, ...content, updatedAtMs: version },
});
const removed = (key: string, version: number): SpecEvent => ({
  type: 'context.removed',
  actor: 'user:operator',
  data: { key, version, removedAtMs: version },
});

const { state } = new DeciderRun(registryDecider).happened(
  updated('goals', 1, { text: 'one\ntwo\nthree' }),
  updated('goals', 2, { text: 'ONE\ntwo\nthree' }),
  updated('design', 1, { ref: 'git:design.md' }),
  updated('old', 1, { text: 'x' }),
  removed('old', 2),
);

describe('a document', () => {
  it('is read as it is, and as it was', () => {
    const version = { key: 'goals', removed: false, by: 'agent:a' };
    expect(getContext(state, { key: 'goals' })).toEqual({ document: { ...version, version: 2, text: 'ONE\ntwo\nthree', atMs: 2 } });
    expect(getContext(state, { key: 'goals', version: 1 }).document?.text).toBe('one\ntwo\nthree');
    expect([getContext(state, { key: 'goals', version: 9 }), getContext(state, { key: 'none' })]).toEqual([{}, {}]);
  });

  it('is there as a tombstone when it was removed', () => {
    const tombstone = { key: 'old', version: 2, removed: true, by: 'user:operator', atMs: 2 };
    expect(getContext(state, { key: 'old' })).toEqual({ document: tombstone });
    expect(getContextHistory(state, { key: 'old' }).versions.map(({ version, text }) => [version, text])).toEqual([
      [2, undefined],
      [1, undefined],
    ]);
  });

  it('says so when the text of an earlier version is not at hand any more', () => {
    const decider = registryDeciderWith({ ...REGISTRY_LIMITS, context: { ...CONTEXT_LIMITS, earlierBytesMax: 0 } });
    const { state } = new DeciderRun(decider).happened(updated('goals', 1, { text: 'one' }), updated('goals', 2, { text: 'two' }));
    expect(() => getContext(state, { key: 'goals', version: 1 })).toThrow(expect.objectContaining({ code: 'context-text-gone' }));
    expect(() => compareContext(state, { key: 'goals', base: 1, text: 'x' })).toThrow(
      expect.objectContaining({ code: 'context-text-gone' }),
    );
  });
});

describe('the documents of a project', () => {
  it('are listed by key and without their texts, removed ones when they are asked for', () => {
    expect(listContext(state, {}).documents.map(({ key, version, ref, text }) => [key, version, ref, text])).toEqual([
      ['design', 1, 'git:design.md', undefined],
      ['goals', 2, undefined, undefined],
    ]);
    expect(listContext(state, { removed: true }).documents.map(({ key }) => key)).toEqual(['design', 'goals', 'old']);
  });
});

describe('a write that came too late', () => {
  it('is compared with what has come since', () => {
    expect(compareContext(state, { key: 'goals', base: 1, text: 'one\ntwo\nTHREE' })).toEqual({
      base: 1,
      newest: 2,
      clean: true,
      merged: 'ONE\ntwo\nTHREE',
      clashes: [],
    });
    expect(compareContext(state, { key: 'goals', base: 1, text: 'Eins\ntwo\nthree' })).toMatchObject({
      clean: false,
      clashes: [{ base: 'one', theirs: 'ONE', yours: 'Eins' }],
      merged: '<<<<<<< theirs\nONE\n||||||| base\none\n=======\nEins\n>>>>>>> yours\ntwo\nthree',
    });
  });

  it('clashes with a removal, with a reference, and with another beginning', () => {
    expect(compareContext(state, { key: 'old', base: 1, text: 'y' }).clashes).toEqual([{ base: 'x', theirs: '', yours: 'y' }]);
    expect(compareContext(state, { key: 'design', base: 0, text: 'y' }).clashes).toEqual([
      { base: '', theirs: 'ref: git:design.md', yours: 'y' },
    ]);
  });

  it('is not compared on a version that there is not', () => {
    for (const key of ['goals', 'none'])
      expect(() => compareContext(state, { key, base: 3, text: 'x' })).toThrow(
        expect.objectContaining({ code: 'unknown-context-version' }),
      );
  });
});
