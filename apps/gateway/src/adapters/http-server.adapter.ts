import helmet from '@fastify/helmet';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { EdgeFilter } from '../api/edge.filter';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';
import { jsonParser } from './json.parser';

/** JSON for bodies, plain bytes for output, nothing else; each with its ceiling. No CORS: the gateway speaks to programs. */
export async function configureHttp(app: NestFastifyApplication): Promise<void> {
  const { bodyBytesMax, outputChunkBytesMax } = app.get<GatewayConfig>(GATEWAY_CONFIG);
  const fastify = app.getHttpAdapter().getInstance();
  // Nest registers parsers of its own for JSON and forms unless one is registered through it.
  app.useBodyParser('application/json', { bodyLimit: bodyBytesMax }, jsonParser(fastify));
  for (const media of ['text/plain', 'application/octet-stream']) {
    fastify.addContentTypeParser(media, { parseAs: 'buffer', bodyLimit: outputChunkBytesMax }, (_request, body, done) => done(null, body));
  }
  app.useGlobalFilters(app.get(EdgeFilter));
  await app.register(helmet as never, {
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    strictTransportSecurity: false, // Said by whoever terminates TLS; the gateway itself speaks plain HTTP.
  });
}
