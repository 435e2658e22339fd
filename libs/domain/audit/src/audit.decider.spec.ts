import { given, type SpecEvent } from '@torch/testing';
import { auditDecider } from './audit.decider';

const NOW_MS = 5000;
const NAME = 'torch/log-1/notary-1+0a1b2c3d';
const NEXT = 'torch/log-1/notary-2+4e5f6a7b';
const vkeyOf = (name: string): string => `${name}+${'A'.repeat(44)}`;
const SIGNATURE = `${'A'.repeat(86)}==`;

const introduced: SpecEvent = { type: 'notary.key-introduced', data: { vkey: vkeyOf(NAME), introducedAtMs: 1000 } };
const rotation = { vkey: vkeyOf(NEXT), previousKey: NAME, signature: SIGNATURE, rotatedAtMs: 2000 };
const rotated: SpecEvent = { type: 'notary.key-rotated', data: rotation };
const audit = (...past: SpecEvent[]) => given(auditDecider, past, NOW_MS);

const introduce = (vkey = vkeyOf(NAME)) => ({ type: 'IntroduceNotaryKey', data: { vkey } });
const rotate = (change: object = {}) => ({ type: 'RotateNotaryKey', data: { ...rotation, ...change } });

describe('a first key', () => {
  it('is introduced, once', () => {
    audit()
      .when(introduce())
      .then([{ type: 'notary.key-introduced', data: { vkey: vkeyOf(NAME), introducedAtMs: NOW_MS } }]);
    audit(introduced).when(introduce()).thenNothing();
    expect(audit().run.decide(introduce())[0]?.subject).toBe('notary/0a1b2c3d');
  });

  it('may be one of several, of instances with archives of their own', () => {
    audit(introduced)
      .when(introduce(vkeyOf(NEXT)))
      .then([{ type: 'notary.key-introduced', data: { vkey: vkeyOf(NEXT), introducedAtMs: NOW_MS } }]);
  });

  it.each(['not a key at all!', 'a b+0a1b2c3d+AAAA', vkeyOf('name+0A1B2C3D')])('is refused when it is "%s"', (vkey) => {
    audit().when(introduce(vkey)).thenRejected('invalid-notary-key');
    audit(introduced).when(rotate({ vkey })).thenRejected('invalid-notary-key');
  });
});

describe('a key in place of another', () => {
  it('is recorded once, with what the one before signed', () => {
    audit(introduced)
      .when(rotate())
      .then([{ type: 'notary.key-rotated', data: rotation }]);
    audit(introduced, rotated).when(rotate()).thenNothing();
    audit(introduced, rotated)
      .when(introduce(vkeyOf(NEXT)))
      .thenNothing();
  });

  it('needs one before it that is known and was not replaced yet', () => {
    audit().when(rotate()).thenRejected('unknown-notary-key');
    audit(introduced, rotated)
      .when(rotate({ vkey: vkeyOf('torch/log-1/notary-3+99999999') }))
      .thenRejected('notary-key-replaced');
  });
});

describe('the state', () => {
  it('tells which keys were in use, and until when', () => {
    expect(Object.fromEntries(audit(introduced, rotated).run.state.keys)).toEqual({
      [NAME]: { vkey: vkeyOf(NAME), sinceMs: 1000, replacedAtMs: 2000 },
      [NEXT]: { vkey: vkeyOf(NEXT), sinceMs: 2000 },
    });
  });

  it('is the same after a restart, whatever the order in which keys came', () => {
    const other: SpecEvent = { type: 'notary.key-introduced', data: { vkey: vkeyOf('a+00000000'), introducedAtMs: 1 } };
    const { run } = audit(introduced, other, rotated, {
      type: 'log.recovered',
      data: { firstLostSeq: 1, seenPosition: '1-0', recoveredAtMs: 1 },
    });
    const before = run.digest();
    expect(run.restart().digest()).toBe(before);
    expect(run.digest(run.replayed())).toBe(before);
    expect(audit(other, introduced, rotated).run.digest()).toBe(before);
  });
});
