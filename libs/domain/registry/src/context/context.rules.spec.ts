import { given, type SpecCommand, type SpecEvent } from '@torch/testing';
import { registryDecider, registryDeciderWith } from '../registry.decider';
import { REGISTRY_LIMITS } from '../registry.state';
import { CONTEXT_LIMITS, type ContextLimits } from './context.limits';
import { sha256 } from './sha256';

const NOW_MS = 5000;
const updated = (version: number, text: string, actor = 'agent:a', key = 'goals'): SpecEvent => ({
  type: 'context.updated',
  actor,
  data: { key, version, text, updatedAtMs: 1000 + version },
});
const removed = (version: number, key = 'goals'): SpecEvent => ({
  type: 'context.removed',
  actor: 'agent:a',
  data: { key, version, removedAtMs: 1000 + version },
});
const update = (version: number, text: string, actor = 'agent:a', key = 'goals'): SpecCommand => ({
  type: 'UpdateContext',
  actor,
  data: { key, version, text },
});
const remove = (version: number, actor = 'agent:a'): SpecCommand => ({ type: 'RemoveContext', actor, data: { key: 'goals', version } });

const registry = (...past: SpecEvent[]) => given(registryDecider, past, NOW_MS);
const small = (limits: Partial<ContextLimits>, ...past: SpecEvent[]) =>
  given(registryDeciderWith({ ...REGISTRY_LIMITS, context: { ...CONTEXT_LIMITS, ...limits } }), past, NOW_MS);

describe('a document that is not there', () => {
  it('begins with version 1', () => {
    registry()
      .when(update(0, 'Ship it.'))
      .then([{ type: 'context.updated', data: { key: 'goals', version: 1, text: 'Ship it.', updatedAtMs: NOW_MS } }]);
  });

  it('may be kept elsewhere, with a reference to it', () => {
    registry()
      .when({ type: 'UpdateContext', data: { key: 'design', version: 0, ref: 'git:docs/design.md@4f2a' } })
      .then([{ type: 'context.updated', data: { key: 'design', version: 1, ref: 'git:docs/design.md@4f2a', updatedAtMs: NOW_MS } }]);
  });

  it('is refused with both a text and a reference, and with neither', () => {
    registry()
      .when({ type: 'UpdateContext', data: { key: 'goals', version: 0 } })
      .thenRejected('context-text-or-ref');
    registry()
      .when({ type: 'UpdateContext', data: { key: 'goals', version: 0, text: '', ref: 'x' } })
      .thenRejected('context-text-or-ref');
  });

  it('has no version to write on, and nothing to remove', () => {
    registry().when(update(1, 'x')).thenRejected('unknown-context-version');
    registry().when(remove(1)).thenRejected('unknown-context');
  });
});

describe('a document', () => {
  const past = [updated(1, 'one'), updated(2, 'two', 'agent:b')];

  it('is replaced by who writes on its newest version', () => {
    registry(...past)
      .when(update(2, 'three'))
      .then([{ type: 'context.updated', data: { key: 'goals', version: 3, text: 'three', updatedAtMs: NOW_MS } }]);
  });

  it('stays as it is for who writes on an older one: whose version stands, and what was not taken, is recorded', () => {
    const { run } = registry(...past);
    expect(run.decide(update(1, 'mine'))).toMatchObject([
      {
        type: 'context.conflicted',
        subject: 'context/goals',
        data: { key: 'goals', base: 1, newest: 2, newestBy: 'agent:b', refused: sha256('mine'), conflictedAtMs: NOW_MS },
      },
      { type: 'conflict.opened', data: { kind: 'context', about: 'goals', openedAtMs: NOW_MS } },
    ]);
    expect(run.state.context.newest('goals')).toMatchObject({ version: 2, text: 'two' });
  });

  it('is not removed on an older version', () => {
    const { run } = registry(...past);
    expect(run.decide(remove(1))[0]).toMatchObject({ type: 'context.conflicted', data: { base: 1, newest: 2 } });
    expect(run.state.context.newest('goals')?.removed).toBe(false);
  });

  it('is not written on a version that does not exist yet', () => {
    registry(...past)
      .when(update(3, 'x'))
      .thenRejected('unknown-context-version');
    registry(...past)
      .when(update(0, 'x'))
      .then([expect.objectContaining({ type: 'context.conflicted' }), expect.objectContaining({ type: 'conflict.opened' })]);
  });

  it('has no new version when nothing changes, or the same write comes twice', () => {
    registry(...past)
      .when(update(2, 'two'))
      .thenNothing();
    registry(...past)
      .when(update(1, 'two', 'agent:b'))
      .thenNothing();
    expect(
      registry(...past)
        .run.decide(update(1, 'two', 'agent:c'))
        .map(({ type }) => type),
    ).toContain('context.conflicted');
  });

  it('cannot be larger than an event can hold', () => {
    registry()
      .when(update(0, 'é'.repeat(30_720)))
      .then([expect.objectContaining({ type: 'context.updated' })]);
    registry()
      .when(update(0, 'é'.repeat(30_721)))
      .thenRejected('context-too-large');
    registry()
      .when(update(0, '\n'.repeat(32 * 1024)))
      .thenRejected('context-too-large');
  });
});

describe('a removed document', () => {
  const past = [updated(1, 'one'), removed(2)];

  it('leaves a tombstone, from which versions go on, whether its version is given or none', () => {
    registry(updated(1, 'one'))
      .when(remove(1))
      .then([{ type: 'context.removed', data: { key: 'goals', version: 2, removedAtMs: NOW_MS } }]);
    for (const base of [2, 0])
      registry(...past)
        .when(update(base, 'again'))
        .then([{ type: 'context.updated', data: { key: 'goals', version: 3, text: 'again', updatedAtMs: NOW_MS } }]);
  });

  it('is removed once', () => {
    registry(...past)
      .when(remove(2))
      .thenNothing();
    registry(...past)
      .when(remove(1))
      .thenNothing();
  });

  it('is forgotten when its place is needed, and its versions are not given out again', () => {
    const { run } = small({ documentsMax: 2 }, updated(1, 'one'), removed(2), updated(1, 'c', 'agent:a', 'conventions'));
    run.decide(update(0, 'new', 'agent:a', 'plan'));
    expect(run.state.context.keys()).toEqual(['conventions', 'plan']);
    expect(run.tryToDecide(update(0, 'x', 'agent:a', 'goals'))).toMatchObject({ code: 'too-many-documents' });
    run.decide({ type: 'RemoveContext', data: { key: 'plan', version: 1 } });
    expect(run.restart().decide(update(0, 'x', 'agent:a', 'goals'))).toMatchObject([{ data: { version: 3 } }]);
  });
});

describe('the documents of a project', () => {
  it('have a size together, in which what is replaced does not count', () => {
    const { run } = small({ projectBytesMax: 10 }, updated(1, 'sixsix'), updated(1, 'four', 'agent:a', 'conventions'));
    expect(run.tryToDecide(update(1, 'seven77'))).toMatchObject({ code: 'context-full' });
    expect(run.decide(update(1, 'sixSIX'))).toHaveLength(1);
    expect(run.decide({ type: 'RemoveContext', data: { key: 'conventions', version: 1 } })).toHaveLength(1);
    expect(run.restart().decide(update(2, 'ten1234567'))).toHaveLength(1);
  });

  it('keep so many versions each, and of all earlier texts so many bytes; the one replaced first goes first', () => {
    const { run } = small(
      { versionsKept: 3, earlierBytesMax: 5 },
      updated(1, 'aaa'),
      updated(1, 'ccc', 'agent:a', 'conventions'),
      updated(2, 'b', 'agent:a', 'goals'),
      updated(2, 'dd', 'agent:a', 'conventions'),
    );
    const texts = (key: string) => run.state.context.versions(key).map(({ version, text }) => `${version}:${text ?? ''}`);
    expect([texts('goals'), texts('conventions')]).toEqual([
      ['1:', '2:b'],
      ['1:ccc', '2:dd'],
    ]);
    run.restart().happened(updated(3, 'e'), updated(4, 'f'));
    expect([texts('goals'), texts('conventions')]).toEqual([
      ['2:b', '3:e', '4:f'],
      ['1:ccc', '2:dd'],
    ]);
  });
});
