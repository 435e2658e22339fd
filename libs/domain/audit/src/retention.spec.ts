import { given } from '@torch/testing';
import { auditDecider } from './audit.decider';
import { expiryOf, retentionView } from './retention.views';

const nowMs = 1_000_000;
const key = (project: string) => ({ project, keyId: 'a'.repeat(48) });
const held = (on: string) => ({ type: 'hold.placed', data: { on, reason: 'Case 7', placedAtMs: 1 } });
const asked = { type: 'subject.erasure-requested', data: { subject: 'user:ada', keys: [key('p')], requestedAtMs: 1 } };
const erased = { type: 'subject.erased', data: { subject: 'user:ada', keys: [key('p')], erasedAtMs: 2 } };
const past = (...events: { type: string; data: object }[]) => given(auditDecider, events, nowMs);

describe('a legal hold', () => {
  it.each(['p', 'user:ada', 'agent:dev-1', 'constructor'])('is placed on %s, and released', (on) => {
    past()
      .when({ type: 'PlaceHold', data: { on, reason: 'Case 7' } })
      .then([{ type: 'hold.placed', data: { on, reason: 'Case 7', placedAtMs: nowMs } }]);
    past(held(on))
      .when({ type: 'ReleaseHold', data: { on, reason: 'Over' } })
      .then([{ type: 'hold.released', data: { on, reason: 'Over', releasedAtMs: nowMs } }]);
  });

  it('is there once', () => {
    past(held('p'))
      .when({ type: 'PlaceHold', data: { on: 'p', reason: 'x' } })
      .thenRejected('hold-exists');
    past()
      .when({ type: 'ReleaseHold', data: { on: 'constructor', reason: 'x' } })
      .thenRejected('unknown-hold');
    past()
      .when({ type: 'PlaceHold', data: { on: 'Ada Lovelace', reason: 'x' } })
      .thenRejected('invalid-hold');
  });
});

describe('erasure', () => {
  const erase = (...projects: string[]) => ({ type: 'RequestErasure', data: { subject: 'user:ada', keys: projects.map(key) } });

  it('is asked for, carried out elsewhere, and confirmed once', () => {
    past()
      .when(erase('p'))
      .then([{ type: 'subject.erasure-requested', data: { subject: 'user:ada', keys: [key('p')], requestedAtMs: nowMs } }]);
    const confirm = { type: 'ConfirmErasure', data: { subject: 'user:ada', keys: [key('p')] } };
    past(asked)
      .when(confirm)
      .then([{ type: 'subject.erased', data: { subject: 'user:ada', keys: [key('p')], erasedAtMs: nowMs } }]);
    past(asked, erased).when(confirm).thenNothing();
    past().when(confirm).thenNothing();
  });

  it('of what is erased already changes nothing, and of nobody is refused', () => {
    past(asked, erased).when(erase()).thenNothing();
    past().when(erase()).thenRejected('unknown-data-subject');
    past()
      .when({ type: 'RequestErasure', data: { subject: 'ada', keys: [key('p')] } })
      .thenRejected('invalid-data-subject');
  });

  it('whose confirmation was lost is confirmed by the next request, when no key is left', () => {
    past(asked)
      .when(erase())
      .then([{ type: 'subject.erased', data: { subject: 'user:ada', keys: [key('p')], erasedAtMs: nowMs } }]);
  });

  it('is asked for again by who has written again, or got no confirmation', () => {
    expect(past(asked, erased).run.tryToDecide(erase('p'))).toHaveLength(1);
    expect(past(asked).run.tryToDecide(erase('p'))).toHaveLength(1);
  });

  it('is refused while the subject, or a project with texts of it, is held', () => {
    past(held('user:ada')).when(erase('p')).thenRejected('under-legal-hold');
    past(held('q')).when(erase('p', 'q')).thenRejected('under-legal-hold');
    expect(past(held('q')).run.tryToDecide(erase('p'))).toHaveLength(1);
    expect(
      past(held('q'), { type: 'hold.released', data: { on: 'q', reason: 'x', releasedAtMs: 2 } }).run.tryToDecide(erase('q')),
    ).toHaveLength(1);
  });
});

describe('retention', () => {
  const set = (project: string, days?: number) => ({ type: 'SetRetention', data: { project, ...(days !== undefined && { days }) } });

  it('is set for a project, changed, and taken back', () => {
    past()
      .when(set('p', 30))
      .then([{ type: 'retention.set', data: { project: 'p', days: 30, setAtMs: nowMs } }]);
    const rule = { type: 'retention.set', data: { project: 'p', days: 30, setAtMs: 1 } };
    past(rule).when(set('p', 30)).thenNothing();
    past(rule)
      .when(set('p'))
      .then([{ type: 'retention.set', data: { project: 'p', setAtMs: nowMs } }]);
    past().when(set('p')).thenNothing();
  });

  it('is not for what the log says of itself', () => {
    past().when(set('default', 30)).thenRejected('retention-of-system'); // The project that a spec decides in.
  });

  it('says when each project expires, and holds win', () => {
    const { run } = past(
      { type: 'retention.set', data: { project: 'p', days: 1, setAtMs: 1 } },
      { type: 'retention.set', data: { project: 'q', days: 2, setAtMs: 1 } },
      held('q'),
    );
    expect([...expiryOf(retentionView(run.state.retention), 200_000_000)]).toEqual([['p', 200_000_000 - 86_400_000]]);
  });

  it('that was applied is on record', () => {
    const data = { partition: 3, segments: 1, records: 5, firstSeq: 1, lastSeq: 9, gzBytesBefore: 100, gzBytesAfter: 50 };
    past()
      .when({ type: 'RecordRetentionApplied', data })
      .then([{ type: 'retention.applied', data: { ...data, appliedAtMs: nowMs } }]);
  });
});

describe('the state', () => {
  it('comes back from a snapshot and from a replay', () => {
    const { run } = past(held('p'), asked, erased, { type: 'retention.set', data: { project: 'q', days: 2, setAtMs: 1 } });
    expect(run.digest(run.replayed())).toBe(run.digest());
    expect(run.restart().digest()).toBe(run.digest(run.replayed()));
    expect(retentionView(run.state.retention)).toEqual({
      rules: [{ project: 'q', days: 2 }],
      holds: [{ on: 'p', reason: 'Case 7', placedAtMs: 1 }],
      erasures: [{ subject: 'user:ada', requestedAtMs: 1, erasedAtMs: 2 }],
    });
  });
});
