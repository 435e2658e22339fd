import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { redactText, type ServiceName } from '@torch/contracts';
import { TorchStrategy } from '@torch/host';
import { describeThrown } from '@torch/kernel';
import { Logger, PinoLogger } from 'nestjs-pino';
import { EnvironmentInvalid } from '../environment.errors';
import { fastifyAdapter } from '../http/fastify.adapter';
import { ProblemFilter } from '../http/problem.filter';
import { startTelemetry, type Telemetry } from '../telemetry/opentelemetry.adapter';
import { readTorchEnv, type TorchEnv } from '../torch.config';
import { notReady } from './health.controller';
import { type EndReason, processEnd } from './process-end';
import { reportReadiness } from './readiness.reporter';

/** Time for a graceful end: turns finished, leases given back, connections closed. After it the process ends all the same. */
export const SHUTDOWN_MS_MAX = 5000;

export interface RunServiceOptions {
  /** Called before the service listens, for what only one service needs: OpenAPI, a rate limit. */
  readonly configure?: (app: NestFastifyApplication, env: TorchEnv) => void | Promise<void>;
}

/**
 * Runs one service until the process is asked to end. Never returns: it ends the process, with exit code 1 when the
 * start fails or the service cannot go on.
 */
export async function runService(service: ServiceName, module: Type, options: RunServiceOptions = {}): Promise<never> {
  processEnd.followUncaught(service);
  processEnd.followProcess();
  void processEnd.asked.then(boundShutdown);
  let app: NestFastifyApplication | undefined;
  let telemetry: Telemetry | undefined;
  try {
    const env = readTorchEnv();
    telemetry = await startTelemetry(`torch-${service}`, env.otlpEndpoint);
    // Nest's own console logger would write other lines than JSON; what goes wrong before there is another is thrown.
    app = await NestFactory.create<NestFastifyApplication>(module, fastifyAdapter(), { logger: false, abortOnError: false });
    const stopReporting = await serve(service, app, env, options);
    const reason = await processEnd.asked;
    stopReporting();
    return await end(reason, app, telemetry);
  } catch (error) {
    // What the start was interrupted by when it was asked to stop is no failure.
    if (!processEnd.signal.aborted) process.stderr.write(`${service} could not start: ${startProblem(error)}\n`);
    processEnd.fail(error);
    return end(await processEnd.asked, app, telemetry);
  }
}

/** @returns how to stop telling about readiness. */
async function serve(
  service: ServiceName,
  app: NestFastifyApplication,
  env: TorchEnv,
  { configure }: RunServiceOptions,
): Promise<() => void> {
  app.useLogger(app.get(Logger));
  const logger = await app.resolve(PinoLogger);
  logger.setContext(service);
  const strategy = app.get(TorchStrategy);
  // It lets a handler's own error through to the owner, where Nest's default would put another in its place.
  app.connectMicroservice({ strategy }).useGlobalFilters(new ProblemFilter());
  await configure?.(app, env);
  await app.init();
  const url = await listen(service, app, env);
  if (url !== undefined) logger.info(`${service} listens on ${url}.`);
  await app.startAllMicroservices();
  return reportReadiness({
    readiness: () => strategy.readiness(),
    tell: (message, readiness) => {
      logger.info(message.type === 'ready' ? `${service} is ready.` : `${service} is not ready: ${notReady(readiness)}`);
      if (process.connected) process.send?.(message);
    },
  });
}

/** The gateway always listens; other services where they are told to answer health checks. */
async function listen(service: ServiceName, app: NestFastifyApplication, env: TorchEnv): Promise<string | undefined> {
  const [host, port, variable] =
    service === 'gateway'
      ? ([env.gatewayHost, env.gatewayPort, 'TORCH_GATEWAY_PORT'] as const)
      : ([env.healthHost, env.healthPort, 'TORCH_HEALTH_PORT'] as const);
  if (port === undefined) return undefined;
  try {
    await app.listen(port, host);
    return await app.getUrl();
  } catch (error) {
    throw new ListenFailed(host, port, variable, error as NodeJS.ErrnoException);
  }
}

class ListenFailed extends Error {
  constructor(host: string, port: number, variable: string, { code, message }: NodeJS.ErrnoException) {
    super(
      code === 'EADDRINUSE'
        ? `Port ${port} on ${host} is taken by another process. Choose another with ${variable}.`
        : code === 'EACCES'
          ? `Port ${port} on ${host} needs more rights than this process has. Choose another with ${variable}.`
          : `Cannot listen on ${host}:${port} (${variable}): ${message}`,
    );
    this.name = 'ListenFailed';
  }
}

/** What the operator can do something about is told in a sentence; a bug with where it is. */
function startProblem(error: unknown): string {
  if (error instanceof EnvironmentInvalid || error instanceof ListenFailed) return error.message;
  return redactText(describeThrown(error));
}

/** However it hangs, a process that was asked to end has ended by then. */
function boundShutdown({ reason }: EndReason): void {
  setTimeout(() => {
    process.stderr.write(`The shutdown (${reason}) took longer than ${SHUTDOWN_MS_MAX} ms and was cut short.\n`);
    process.exit(1);
  }, SHUTDOWN_MS_MAX);
}

async function end({ exitCode }: EndReason, app: NestFastifyApplication | undefined, telemetry: Telemetry | undefined): Promise<never> {
  const failed = await close(app, telemetry);
  process.exit(failed ? 1 : exitCode);
}

/** HTTP first, then the owner's loops, then the connections. */
async function close(app: NestFastifyApplication | undefined, telemetry: Telemetry | undefined): Promise<boolean> {
  try {
    await app?.close();
    await telemetry?.shutdown();
    return false;
  } catch (error) {
    process.stderr.write(`The shutdown failed: ${redactText(describeThrown(error))}\n`);
    return true;
  }
}
