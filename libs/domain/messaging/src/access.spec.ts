import type { AccessGrant, AccessRefusal } from '@torch/contracts';
import { messaging, sent } from './history.fixture';

const grant: AccessGrant = { caller: 'agent:dev-1', access: 'write', network: '203.0.113.0/24', firstAtMs: 1000, windowEndsAtMs: 4000 };
const refusal: AccessRefusal = {
  caller: 'agent:dev-1',
  method: 'GET',
  route: '/v1/projects/:project/inboxes/:recipient',
  code: 'forbidden',
  detail: 'agent:dev-1 may act for itself only.',
  count: 3,
  firstAtMs: 1000,
  lastAtMs: 2000,
};

describe('access', () => {
  it('that was granted is a fact about the caller', () => {
    const given = messaging();
    given.when({ type: 'RecordGrant', data: grant }).then([{ type: 'access.granted', data: grant }]);
    expect(given.run.log.at(-1)).toMatchObject({ subject: 'access/agent:dev-1' });
  });

  it('that was refused is a fact about the caller', () => {
    const given = messaging();
    given.when({ type: 'RecordRefusal', data: refusal }).then([{ type: 'access.refused', data: refusal }]);
    expect(given.run.log.at(-1)).toMatchObject({ subject: 'access/agent:dev-1' });
  });

  it('that was refused to somebody whom nothing proved is a fact about nobody', () => {
    const { caller: _unproved, ...data } = refusal;
    const given = messaging();
    given.when({ type: 'RecordRefusal', data }).then([{ type: 'access.refused', data }]);
    expect(given.run.log.at(-1)).toMatchObject({ subject: 'access/nobody' });
  });

  it('is not recorded of a window that ends before it begins', () => {
    messaging()
      .when({ type: 'RecordGrant', data: { ...grant, windowEndsAtMs: 999 } })
      .thenRejected('bad-window');
    messaging()
      .when({ type: 'RecordRefusal', data: { ...refusal, lastAtMs: 999 } })
      .thenRejected('bad-window');
  });

  it('changes nothing about messages', () => {
    const { run } = messaging(sent(['a']));
    const before = run.digest();
    run.decide({ type: 'RecordGrant', data: grant });
    run.decide({ type: 'RecordRefusal', data: refusal });
    expect(run.digest()).toBe(before);
    expect(run.digest(run.replayed())).toBe(before);
  });
});
