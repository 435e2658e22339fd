import type { AccessGrant, AccessRefusal, CommandContract } from '@torch/contracts';
import type { Admission } from '@torch/host';
import { Rejection } from '@torch/kernel';
import { LogUnavailable } from '@torch/log';
import { waitUntil } from '@torch/testing';
import type { KnownProjects } from '../adapters/known-projects.adapter';
import type { Owners } from '../adapters/owners.adapter';
import { GATEWAY_DEFAULTS, type GatewayConfig } from '../gateway.config';
import { AccessRecorder, type GrantedAccess, type RefusedAccess } from './access-recorder.reactor';

type Recorded = { type: string } & Admission & Partial<AccessGrant & AccessRefusal>;

const recorders: AccessRecorder[] = [];
afterEach(() => Promise.all(recorders.splice(0).map((recorder) => recorder.onModuleDestroy())));

/** A recorder, what it recorded, and an owner that fails as often as it is told to. */
function recorder(limits: Partial<GatewayConfig> = {}) {
  const recorded: Recorded[] = [];
  const asked: string[] = [];
  const owner = { failures: [] as Error[], tries: 0 };
  const owners = {
    command: async ({ type }: CommandContract, admission: Admission, data: object) => {
      owner.tries++;
      const failure = owner.failures.shift();
      if (failure) throw failure;
      recorded.push({ type, ...admission, ...data });
    },
  };
  const projects = {
    isKnown: (project: string) => project === 'default',
    exists: async (project: string) => asked.push(project) > 0 && ['default', 'demo'].includes(project),
  };
  const config = { ...GATEWAY_DEFAULTS, accessGatherMs: 5, refusalWindowMs: 20, retryAfterS: 0, ...limits };
  const access = new AccessRecorder(owners as unknown as Owners, projects as unknown as KnownProjects, config);
  recorders.push(access);
  return { access, recorded, asked, owner };
}

const grant = (more: Partial<GrantedAccess> = {}): GrantedAccess => ({ project: 'default', caller: 'user:ada', method: 'GET', ...more });
const refusal = (more: Partial<RefusedAccess> = {}): RefusedAccess => ({
  project: 'default',
  caller: 'agent:dev-1',
  method: 'POST',
  route: '/v1/projects/:project/pools',
  code: 'forbidden',
  detail: 'No.',
  address: '203.0.113.77',
  ...more,
});
const refusalsIn = (recorded: readonly Recorded[]): number => recorded.reduce((sum, { count = 0 }) => sum + count, 0);

describe('access that is granted', () => {
  it('is recorded once a window, caller, project and kind, however many requests there are', async () => {
    const { access, recorded } = recorder();
    for (let request = 0; request < 100; request++) {
      access.granted(grant());
      access.granted(grant({ method: 'HEAD' }));
      access.granted(grant({ method: 'POST' }));
      access.granted(grant({ caller: 'agent:a' }));
      access.granted(grant({ project: 'demo' }));
    }
    await waitUntil(() => recorded.length >= 4, { what: 'four grants' });
    await access.onModuleDestroy();
    expect(recorded.map(({ project, actor, access: kind }) => `${project} ${actor} ${String(kind)}`)).toEqual([
      'default user:ada read',
      'default user:ada write',
      'default agent:a read',
      'demo user:ada read',
    ]);
  });

  it('has the same idempotency id at every gateway in one window', async () => {
    const [one, other] = [recorder({ grantWindowMs: 7 * 24 * 3_600_000 }), recorder({ grantWindowMs: 7 * 24 * 3_600_000 })];
    for (const { access } of [one, other]) access.granted(grant());
    await waitUntil(() => one.recorded.length + other.recorded.length === 2, { what: 'both' });
    expect(one.recorded[0]?.idempotencyId).toBe(other.recorded[0]?.idempotencyId);
  });

  it('is recorded again in the next window', async () => {
    const { access, recorded } = recorder({ grantWindowMs: 30 });
    await waitUntil(
      () => {
        access.granted(grant());
        return recorded.length >= 2;
      },
      { what: 'two windows' },
    );
    expect(recorded[0]?.windowEndsAtMs).toBeLessThan(recorded[1]?.windowEndsAtMs ?? 0);
  });
});

describe('access that is refused', () => {
  it('is recorded with its number, as the caller’s', async () => {
    const { access, recorded } = recorder();
    for (let request = 0; request < 50; request++) access.refused(refusal());
    await waitUntil(() => recorded.length > 0, { what: 'the refusals' });
    expect(recorded).toEqual([
      expect.objectContaining({
        type: 'RecordRefusal',
        project: 'default',
        actor: 'agent:dev-1',
        caller: 'agent:dev-1',
        count: 50,
        network: '203.0.113.0/24',
        route: '/v1/projects/:project/pools',
      }),
    ]);
  });

  it('to somebody whom nothing proved is recorded as the gateway’s', async () => {
    const { access, recorded } = recorder();
    access.refused(refusal({ caller: undefined }));
    await waitUntil(() => recorded.length > 0, { what: 'the refusal' });
    expect(recorded[0]).toMatchObject({ actor: 'service:gateway' });
    expect(recorded[0]?.caller).toBeUndefined();
  });

  it.each([
    ['default', 'default', []],
    ['demo', 'demo', ['demo']],
    ['nobodys', 'torch', ['nobodys']],
    ['Not A Project', 'torch', []],
    [undefined, 'torch', []],
  ])('belongs to the project that was asked for, where there is one: %p to %s', async (project, belongsTo, asks) => {
    const { access, recorded, asked } = recorder();
    access.refused(refusal({ project }));
    await waitUntil(() => recorded.length > 0, { what: 'the refusal' });
    expect(recorded[0]?.project).toBe(belongsTo);
    expect(asked.filter((name) => name !== 'default')).toEqual(asks);
  });

  it('asks about a few made-up projects only', async () => {
    const { access, recorded, asked } = recorder({ refusalProjectsMax: 2, refusalWindowMs: 60_000 });
    for (let made = 0; made < 20; made++) access.refused(refusal({ project: `made-up-${made}` }));
    await waitUntil(() => refusalsIn(recorded) === 20, { what: 'all refusals' });
    expect(asked).toEqual(['made-up-0', 'made-up-1']);
    expect(recorded.map(({ count = 0 }) => count).sort((a, b) => a - b)).toEqual([1, 1, 18]);
  });

  it('in a flood of kinds is counted to the last one, in few events', async () => {
    const { access, recorded } = recorder({ refusalKindsMax: 10 });
    for (let kind = 0; kind < 1000; kind++) access.refused(refusal({ caller: `agent:a${kind}` }));
    await waitUntil(() => refusalsIn(recorded) === 1000, { what: 'all refusals' });
    expect(recorded).toHaveLength(11);
    expect(recorded).toContainEqual(expect.objectContaining({ project: 'torch', route: '*', code: 'too-many-kinds', count: 990 }));
  });
});

describe('an owner that does not answer', () => {
  it('is told later, once, under the same idempotency id', async () => {
    const { access, recorded, owner } = recorder();
    owner.failures = [new LogUnavailable('The log is away.', false), new LogUnavailable('The log is away.', false)];
    access.refused(refusal());
    await waitUntil(() => recorded.length > 0, { what: 'the third try' });
    await access.onModuleDestroy();
    expect([recorded.length, owner.tries]).toEqual([1, 3]);
  });

  it('is not asked again what it rejects', async () => {
    const { access, recorded, owner } = recorder();
    owner.failures = [new Rejection('bad-window', 'No.')];
    access.refused(refusal());
    await waitUntil(() => owner.tries === 1, { what: 'the try' });
    access.refused(refusal({ route: '/v1/status' }));
    await waitUntil(() => recorded.length > 0, { what: 'the other' });
    expect([recorded.length, owner.tries]).toEqual([1, 2]);
  });

  it('leaves bounded room for what waits, and the rest is counted', async () => {
    const { access, recorded, owner } = recorder({ accessWaitingMax: 3 });
    owner.failures = Array.from({ length: 6 }, () => new LogUnavailable('The log is away.', false));
    for (let kind = 0; kind < 50; kind++) access.refused(refusal({ caller: `agent:a${kind}` }));
    await waitUntil(() => refusalsIn(recorded) === 50, { what: 'all refusals' });
    expect(recorded.slice(0, 3).map(({ count }) => count)).toEqual([1, 1, 1]);
    expect(recorded.length).toBeLessThan(10);
    expect(recorded.at(-1)).toMatchObject({ project: 'torch', code: 'too-many-kinds' });
  });
});

describe('the end of the gateway', () => {
  it('waits for what is on its way', async () => {
    const { access, recorded, owner } = recorder();
    owner.failures = [new LogUnavailable('The log is away.', false)];
    access.refused(refusal());
    await waitUntil(() => owner.tries > 0, { what: 'the first try' });
    await access.onModuleDestroy();
    expect(recorded.map(({ count }) => count)).toEqual([1]);
  });

  it('records what is gathered', async () => {
    const { access, recorded } = recorder({ accessGatherMs: 60_000 });
    access.granted(grant());
    access.refused(refusal());
    await access.onModuleDestroy();
    expect(recorded.map(({ type }) => type)).toEqual(['RecordGrant', 'RecordRefusal']);
  });
});
