import { Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { LogTails, TorchStrategy } from '@torch/host';
import { HealthController, LOG_SERVER, TORCH_CLIENT, TORCH_ENV } from '@torch/platform';
import { EdgeModule } from '../edge.module';
import { openApiDocument } from './openapi.document';

const ABSENT = [LOG_SERVER, TORCH_CLIENT, TORCH_ENV, LogTails, TorchStrategy].map((provide) => ({ provide, useValue: {} }));

@Global()
@Module({ controllers: [HealthController], providers: ABSENT, exports: ABSENT })
class WithoutLogServer {}

@Module({ imports: [WithoutLogServer, EdgeModule] })
class DescribedGateway {}

/** The OpenAPI document, from the controllers alone: in Nest's preview mode nothing is made that would need a log server. */
export async function describeGateway(): Promise<OpenAPIObject> {
  const app = await NestFactory.create<NestFastifyApplication>(DescribedGateway, new FastifyAdapter(), { logger: false, preview: true });
  return openApiDocument(app);
}
