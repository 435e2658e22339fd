import { Principal } from '@torch/platform';
import type { FastifyRequest } from 'fastify';
import { admissionOf } from './request-context';

const request = (over: object = {}): FastifyRequest =>
  ({ method: 'POST', url: '/v1/projects/p/runs?x=1', headers: {}, principal: new Principal('user:ada', ['*']), ...over }) as FastifyRequest;
const keyed = (key: string | string[], over: object = {}): FastifyRequest => request({ headers: { 'idempotency-key': key }, ...over });

describe('the admission of a request', () => {
  it('names the project, the verified actor and a correlation id', () => {
    expect(admissionOf(request(), 'p')).toEqual({ project: 'p', actor: 'user:ada', correlationId: expect.any(String) });
  });

  it('has an idempotency id when the caller brings a key, whatever the query string', () => {
    const { idempotencyId } = admissionOf(keyed('k1'), 'p');
    expect(idempotencyId).toBeDefined();
    expect(admissionOf(keyed('k1', { url: '/v1/projects/p/runs' }), 'p').idempotencyId).toBe(idempotencyId);
  });

  it.each([['a b'], [''], ['k'.repeat(256)], [['a', 'b']]])('is refused with the key %p', (key) => {
    expect(() => admissionOf(keyed(key), 'p')).toThrow('The header Idempotency-Key must be');
  });

  it('is refused without a principal', () => {
    expect(() => admissionOf(request({ principal: undefined }), 'p')).toThrow('no token');
  });
});
