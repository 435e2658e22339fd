import type { InMemoryLogServer } from '@torch/log';
import type { FixtureRequest, GatewayFixture } from './gateway.fixture';

/** Commits with anything in them but who was let in and who was not. */
async function commits(server: InMemoryLogServer): Promise<number> {
  const entries = await Promise.all([0, 1].map((partition) => server.log.read(partition, 0, 10_000)));
  const others = entries.flat().map(({ body }) => (JSON.parse(body) as { events: { type: string }[] }).events);
  return others.filter((events) => events.length === 0 || events.some(({ type }) => !type.startsWith('access.'))).length;
}

export interface Refused {
  readonly response: Response;
  readonly problem: Readonly<Record<string, unknown>>;
  readonly pointers: readonly string[];
}

/** The problem document of a request that is expected to be refused at the edge, and that nothing was written because of it. */
export async function refusedBy(gateway: GatewayFixture, server: InMemoryLogServer, path: string, init: FixtureRequest): Promise<Refused> {
  const before = await commits(server);
  const response = await gateway.fetch(path, init);
  const problem = (await response.json()) as Record<string, unknown>;
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(problem).toMatchObject({
    type: `urn:torch:problem:${String(problem.code)}`,
    status: response.status,
    instance: path.split('?')[0],
  });
  expect(problem.detail).toMatch(/[.!?>]$/);
  expect(await commits(server)).toBe(before);
  return { response, problem, pointers: ((problem.errors ?? []) as { pointer: string }[]).map(({ pointer }) => pointer) };
}
