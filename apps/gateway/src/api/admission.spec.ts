import { ID_PATTERN } from '@torch/contracts';
import { derivedId, idempotencyIdOf, partOf, runIds } from './admission';

const caller = { actor: 'user:ada', method: 'POST', path: '/v1/projects/p/runs', key: 'k1' };

describe('an idempotency id', () => {
  it('is the same for the same caller, route and key', () => {
    expect(idempotencyIdOf(caller)).toBe(idempotencyIdOf({ ...caller }));
    expect(idempotencyIdOf(caller)).toMatch(ID_PATTERN);
  });

  it.each([{ actor: 'user:eve' }, { method: 'PUT' }, { path: '/v1/projects/q/runs' }, { key: 'k2' }])('differs with %j', (other) => {
    expect(idempotencyIdOf({ ...caller, ...other })).not.toBe(idempotencyIdOf(caller));
  });

  it('has parts of its own, and none when there is no key', () => {
    expect(partOf('key-1', 'pools')).toBe('key-1.pools');
    expect(partOf(undefined, 'pools')).toBeUndefined();
  });
});

describe('derived ids', () => {
  it('are the same for the same key and fresh without one', () => {
    expect(derivedId('run', 'key-1')).toBe(derivedId('run', 'key-1'));
    expect(derivedId('run', 'key-1')).not.toBe(derivedId('run', 'key-2'));
    expect(derivedId('run', undefined)).not.toBe(derivedId('run', undefined));
  });

  it('name tasks by their key, or by its digest when the key is long', () => {
    const { runId, taskId } = runIds('key-1');
    expect(taskId('lint')).toBe(`${runId}.lint`);
    expect(taskId('k'.repeat(60))).toBe(`${runId}.${'k'.repeat(60)}`);
    const long = taskId('k'.repeat(61));
    expect(long).toMatch(ID_PATTERN);
    expect(long).not.toBe(taskId('k'.repeat(62)));
    expect(long.startsWith(`${runId}:`)).toBe(true);
  });
});
