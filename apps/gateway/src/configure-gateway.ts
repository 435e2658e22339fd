import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { configureHttp } from './adapters/http-server.adapter';
import { OpenApiHolder } from './api/openapi.controller';
import { openApiDocument } from './openapi/openapi.document';

/** What the gateway's HTTP server needs besides its module, before it listens. */
export async function configureGateway(app: NestFastifyApplication): Promise<void> {
  await configureHttp(app);
  app.get(OpenApiHolder).document = openApiDocument(app);
}
