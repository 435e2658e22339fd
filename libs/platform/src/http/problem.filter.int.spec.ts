import { connect } from 'node:net';
import { Body, Controller, Get, Module, Post, type Type } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Plan } from '@torch/contracts';
import { Rejection } from '@torch/kernel';
import { LogUnavailable } from '@torch/log';
import { requestContext } from '../logging/request.context';
import { ContractPipe } from './contract.pipe';
import { fastifyAdapter } from './fastify.adapter';
import { ProblemFilter } from './problem.filter';

let accepted = 0;

@Controller('things')
class ThingsController {
  @Post('plan')
  plan(@Body(new ContractPipe(Plan)) plan: Plan): { tasks: number } {
    accepted++;
    return { tasks: plan.tasks.length };
  }

  @Get('rejected')
  rejected(): never {
    throw new Rejection('stale-attempt', 'Attempt 1 of task t is over.');
  }

  @Get('away')
  away(): never {
    throw new LogUnavailable('connect ECONNREFUSED 127.0.0.1:6379', false);
  }

  @Get('bug')
  bug(): never {
    throw new TypeError('at /srv/secret/path.ts');
  }

  @Post('context')
  context(@Body() _body: unknown): object {
    return requestContext() ?? {};
  }
}

@Module({ controllers: [ThingsController], providers: [{ provide: APP_FILTER, useClass: ProblemFilter }] })
class ThingsModule {}

let app: NestFastifyApplication;
let url: string;

beforeAll(async () => {
  app = await NestFactory.create<NestFastifyApplication>(ThingsModule as Type, fastifyAdapter({ bodyBytesMax: 10_000 }), { logger: false });
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});
afterAll(() => app.close());

const post = (
  path: string,
  body: string | Buffer,
  headers: Record<string, string> = { 'content-type': 'application/json' },
): Promise<Response> => fetch(url + path, { method: 'POST', body, headers });

async function problemOf(
  response: Response,
): Promise<{ status: number; code: string; detail: string; errors?: unknown; instance?: string }> {
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const problem = (await response.json()) as Awaited<ReturnType<typeof problemOf>>;
  expect(problem.status).toBe(response.status);
  return problem;
}

describe('a body that is refused before any handler', () => {
  afterEach(() => expect(accepted).toBe(0));

  it.each([
    ['broken JSON', () => post('/things/plan', '{"tasks": ['), 400, 'bad-request'],
    ['no JSON at all', () => post('/things/plan', ''), 400, 'bad-request'],
    ['another media type', () => post('/things/plan', '<plan/>', { 'content-type': 'application/xml' }), 415, 'unsupported-media-type'],
    ['more bytes than the limit', () => post('/things/plan', JSON.stringify({ name: 'x'.repeat(10_001) })), 413, 'body-too-large'],
    ['a key that would change prototypes', () => post('/things/plan', '{"__proto__": {"a": 1}}'), 400, 'bad-request'],
    ['an unknown field', () => post('/things/plan', '{"tsks": []}'), 400, 'invalid-request'],
    [
      'a field called constructor',
      () => post('/things/plan', '{"tasks": [{"key": {"constructor": 1}, "role": "r"}]}'),
      400,
      'invalid-request',
    ],
    ['null', () => post('/things/plan', 'null'), 400, 'invalid-request'],
    ['a list', () => post('/things/plan', '[]'), 400, 'invalid-request'],
  ])('with %s', async (_what, request, status, code) => {
    expect(await problemOf(await request())).toMatchObject({ status, code, instance: '/things/plan' });
  });

  it('names the field', async () => {
    const problem = await problemOf(
      await post('/things/plan?x=1', JSON.stringify({ tasks: [{ key: 'a', role: 'developer', priority: 'high' }] })),
    );
    expect(problem).toMatchObject({
      detail: '"tasks.0.priority" must be integer.',
      errors: [{ pointer: '/tasks/0/priority', message: '"tasks.0.priority" must be integer.' }],
      instance: '/things/plan',
    });
  });
});

describe('a request', () => {
  it('that nobody serves is a problem', async () => {
    expect(await problemOf(await fetch(`${url}/nowhere`))).toMatchObject({ status: 404, code: 'not-found' });
  });

  it('with an address that cannot be read is a problem', async () => {
    expect(await problemOf(await fetch(`${url}/things/%E0%A4%A`))).toMatchObject({ status: 400, code: 'bad-request' });
  });

  it('that is no HTTP is a problem', async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.end('HELLO\r\n\r\n'));
      let text = '';
      socket
        .on('data', (chunk) => (text += String(chunk)))
        .on('end', () => resolve(text))
        .on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\ncontent-type: application\/problem\+json/);
  });

  it('that a rule refuses keeps its code', async () => {
    expect(await problemOf(await fetch(`${url}/things/rejected`))).toMatchObject({
      status: 409,
      code: 'stale-attempt',
      detail: 'Attempt 1 of task t is over.',
    });
  });

  it('while the log is away says when to try again', async () => {
    const response = await fetch(`${url}/things/away`);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await problemOf(response)).toMatchObject({ status: 503, code: 'log-unavailable' });
  });

  it('that meets a bug learns nothing of it', async () => {
    const text = await (await fetch(`${url}/things/bug`)).text();
    expect(text).not.toContain('secret');
    expect(JSON.parse(text)).toMatchObject({ status: 500, code: 'internal' });
  });
});

describe('the context of a request', () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

  it("is the client's own, also behind its body", async () => {
    const headers = { 'content-type': 'application/json', 'torch-correlation-id': 'c-1', traceparent };
    const response = await post('/things/context', JSON.stringify({ padding: 'x'.repeat(5000) }), headers);
    expect(response.headers.get('torch-correlation-id')).toBe('c-1');
    expect(await response.json()).toEqual({ correlationId: 'c-1', traceparent });
  });

  it('is a fresh one where the client sent none that can be used', async () => {
    const response = await post('/things/context', '{}', {
      'content-type': 'application/json',
      'torch-correlation-id': 'not an id',
      traceparent: '00-0-0-0',
    });
    const context = (await response.json()) as { correlationId: string };
    expect(Object.keys(context)).toEqual(['correlationId']);
    expect(context.correlationId).toMatch(/^[0-9a-f-]{36}$/);
    expect(response.headers.get('torch-correlation-id')).toBe(context.correlationId);
  });
});
