import type { PoolSpec } from '@torch/contracts';
import { demandKey, serves } from './spawner.state';

const pool = (more: Partial<PoolSpec>): PoolSpec => ({ role: 'developer', skills: [], ...more }) as PoolSpec;
const kind = (more: { skills?: string[]; labels?: Record<string, string>; role?: string }) => ({ role: 'developer', skills: [], ...more });

describe('a pool', () => {
  it.each([
    [pool({}), kind({}), true],
    [pool({}), kind({ role: 'tester' }), false],
    [pool({ skills: ['ts'] }), kind({ skills: ['ts'] }), true],
    [pool({ skills: ['ts'] }), kind({ skills: ['ts:1'] }), true],
    [pool({ skills: ['ts'] }), kind({ skills: ['ts:2'] }), false],
    [pool({ skills: ['ts:3'] }), kind({ skills: ['ts:2'] }), true],
    [pool({ skills: ['ts:3'] }), kind({ skills: ['ts'] }), true],
    [pool({ skills: ['ts:3'] }), kind({ skills: ['ts', 'go'] }), false],
    [pool({ labels: { arch: 'arm64', zone: 'eu' } }), kind({ labels: { arch: 'arm64' } }), true],
    [pool({ labels: { arch: 'x64' } }), kind({ labels: { arch: 'arm64' } }), false],
    [pool({}), kind({ labels: { arch: 'arm64' } }), false],
  ])('of %j serves %j: %s', (spec, demand, served) => {
    expect(serves(spec, demand)).toBe(served);
  });
});

describe('kinds of work', () => {
  it('are told apart by their labels too, in whatever order they come', () => {
    expect(demandKey(kind({ labels: { a: '1', b: '2' } }))).toBe(demandKey(kind({ labels: { b: '2', a: '1' } })));
    expect(demandKey(kind({ labels: { a: '1' } }))).not.toBe(demandKey(kind({ labels: { a: '2' } })));
    expect(demandKey(kind({}))).not.toBe(demandKey(kind({ labels: { a: '1' } })));
    expect(demandKey(kind({ labels: { a: '1', b: '2' } }))).not.toBe(demandKey(kind({ labels: { a: '1 b=2' } })));
  });
});
