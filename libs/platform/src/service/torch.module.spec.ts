import { Test } from '@nestjs/testing';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type QueryContract, queryContract } from '@torch/contracts';
import { type TorchClient, TorchStrategy } from '@torch/host';
import { InMemoryLogServer } from '@torch/log';
import { waitUntil } from '@torch/testing';
import { fastifyAdapter } from '../http/fastify.adapter';
import { NotaryModule, OwnershipRecord } from './notary.fixture';
import { LOG_SERVER, TORCH_CLIENT, TORCH_ENV } from './torch.tokens';

let app: NestFastifyApplication;
let server: InMemoryLogServer;
let strategy: TorchStrategy;

beforeAll(async () => {
  process.env.TORCH_LOG_LEVEL = 'silent';
  server = new InMemoryLogServer();
  await server.partitions(2);
  const building = Test.createTestingModule({ imports: [NotaryModule] })
    .overrideProvider(TORCH_ENV)
    .useValue({})
    .overrideProvider(LOG_SERVER)
    .useValue(server);
  app = (await building.compile()).createNestApplication<NestFastifyApplication>(fastifyAdapter(), { logger: false });
  strategy = app.get(TorchStrategy);
  app.connectMicroservice({ strategy });
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
});

const get = async (url: string): Promise<{ status: number; body: Record<string, unknown>; retryAfter: unknown }> => {
  const { statusCode, headers, body } = await app.inject({ url });
  return { status: statusCode, body: JSON.parse(body) as Record<string, unknown>, retryAfter: headers['retry-after'] };
};

describe('a service', () => {
  it('is alive and not ready before it has joined its partitions', async () => {
    expect(await get('/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await get('/readyz')).toMatchObject({ status: 503, retryAfter: '1', body: { code: 'unavailable', instance: '/readyz' } });
  });

  it('is ready once it owns them, and its hooks were told', async () => {
    await app.startAllMicroservices();
    await waitUntil(async () => (await strategy.readiness()).ready, { what: 'the service is ready' });
    await waitUntil(() => app.get(OwnershipRecord).owned.size === 2, { what: 'both partitions are owned' });
    expect(await get('/readyz')).toEqual({
      status: 200,
      retryAfter: undefined,
      body: {
        status: 'ready',
        partitions: [
          { partition: 0, role: 'owner' },
          { partition: 1, role: 'owner' },
        ],
      },
    });
  });

  it('answers through the client that it provides', async () => {
    const client = app.get<TorchClient>(TORCH_CLIENT);
    expect(client.partitions).toBe(2);
    const verdict = await client.queryPartition(queryContract('VerifyChain') as QueryContract, 1, {});
    expect(verdict).toMatchObject({ ok: true, partitions: [{ partition: 1 }] });
  });

  it('gives its leases back and closes its connections when it ends', async () => {
    const holders = (): Promise<unknown[]> => Promise.all([0, 1].map((partition) => server.leases.holder(partition, 'audit')));
    expect(await holders()).toEqual([expect.anything(), expect.anything()]);
    const record = app.get(OwnershipRecord);
    let leasesAtClose: unknown[] = ['never closed'];
    const close = server.close.bind(server);
    server.close = async () => {
      leasesAtClose = await holders();
      await close();
    };
    await app.close();
    expect(leasesAtClose).toEqual([undefined, undefined]);
    expect([...record.released].sort()).toEqual([0, 1]);
  });
});
