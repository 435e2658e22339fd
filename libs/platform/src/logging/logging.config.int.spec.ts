import { Writable } from 'node:stream';
import { Controller, Get, Logger as NestLogger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Logger, LoggerModule, PinoLogger } from 'nestjs-pino';
import { plantedSecrets } from '@torch/contracts/testing';
import { fastifyAdapter } from '../http/fastify.adapter';
import { hostLogger } from './host.logger';
import { loggingParams } from './logging.config';

const lines: Record<string, unknown>[] = [];
const sink = new Writable({
  write(chunk: Buffer, _encoding, done) {
    lines.push(
      ...String(chunk)
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    );
    done();
  },
});

@Controller()
class WorkController {
  private readonly logger = new NestLogger('work');

  @Get('work')
  async work(): Promise<object> {
    await Promise.resolve();
    this.logger.log('Deep in the work.');
    return {};
  }
}

@Module({ imports: [LoggerModule.forRoot(loggingParams('scheduler', 'debug', sink))], controllers: [WorkController] })
class WorkModule {}

const line = (message: string): Record<string, unknown> | undefined => lines.find(({ msg }) => msg === message);

describe('a log line', () => {
  let app: NestFastifyApplication;
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

  beforeAll(async () => {
    app = await NestFactory.create<NestFastifyApplication>(WorkModule, fastifyAdapter(), { bufferLogs: true });
    app.useLogger(app.get(Logger));
    await app.listen(0, '127.0.0.1');
    const headers = { authorization: 'Bearer hush', cookie: 'hush', 'torch-correlation-id': 'c-7', traceparent };
    await fetch(`${await app.getUrl()}/work`, { headers });
    const pino = await app.resolve(PinoLogger);
    hostLogger(pino).warn('Partition 3 changed hands.', { partition: 3 });
    pino.info(
      {
        request: { headers: { authorization: 'Bearer hush' } },
        headers: { authorization: 'hush' },
        token: 'hush',
        job: { secret: 'hush' },
      },
      'With secrets.',
    );
  });
  afterAll(() => app.close());

  it('is JSON that names the service, the process and the moment', () => {
    expect(line('Partition 3 changed hands.')).toMatchObject({ level: 40, service: 'scheduler', pid: process.pid, partition: 3 });
    expect(String(line('Partition 3 changed hands.')?.time)).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  it("of a request carries the client's correlation id and trace, through Nest's logger too", () => {
    expect(line('Deep in the work.')).toMatchObject({
      context: 'work',
      correlationId: 'c-7',
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      spanId: '00f067aa0ba902b7',
    });
    expect(line('Partition 3 changed hands.')).not.toHaveProperty('correlationId');
  });

  it("tells of Nest's own start", () => {
    expect(lines.some(({ msg }) => String(msg).includes('Nest application successfully started'))).toBe(true);
  });

  it('never has a token in it', () => {
    expect(line('With secrets.')).toMatchObject({ token: '[redacted]', headers: { authorization: '[redacted]' } });
    expect(JSON.stringify(lines)).not.toContain('hush');
  });

  it('has no secret in it that a caller sent, and is JSON as before', async () => {
    const pino = await app.resolve(PinoLogger);
    const planted = plantedSecrets(5);
    const before = lines.length;
    for (const { text } of planted) pino.warn({ path: `/tasks/${text}`, error: new Error(text).stack }, `Refused GET /tasks/${text}.`);
    expect(lines).toHaveLength(before + planted.length);
    const written = JSON.stringify(lines.slice(before));
    expect(planted.filter(({ secret }) => written.includes(secret) || written.includes(JSON.stringify(secret).slice(1, -1)))).toEqual([]);
  });

  it('tells of a request that went well in its lowest voice', () => {
    expect(lines.find(({ res }) => res !== undefined)).toMatchObject({ level: 20 });
  });
});
