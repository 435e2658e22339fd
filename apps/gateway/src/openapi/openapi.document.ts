import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { closureOf, type ContractClass, type JsonSchema, objectSchema } from '@torch/contracts';
import { TORCH_VERSION } from '../version';
import { PROBLEM } from './cloud-event.schema';
import { documentedSchemas, type NamedSchema } from './operation.decorator';

const REFS = '#/components/schemas/';
const DESCRIPTION =
  'Runs fleets of autonomous coding agents over one append-only log. Every error is a problem document (RFC 9457). ' +
  'Writes that bring an Idempotency-Key may be sent again without a second effect.';

/** The OpenAPI 3.1 document of the gateway: its controllers, and the schemas of the contracts that they speak of. */
export function openApiDocument(app: NestFastifyApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Torch gateway')
    .setDescription(DESCRIPTION)
    .setVersion(TORCH_VERSION)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addBearerAuth()
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}.${method}`,
  });
  return { ...document, components: { ...document.components, schemas: schemas() as never } };
}

function schemas(): Record<string, JsonSchema> {
  const found = new Map<string, JsonSchema>();
  const visit = (schema: ContractClass | NamedSchema): void => {
    if (typeof schema === 'function') {
      for (const contract of closureOf([schema])) found.set(contract.name, objectSchema(contract, REFS));
      return;
    }
    found.set(schema.name, schema.schema);
    for (const used of schema.uses ?? []) visit(used);
  };
  for (const schema of [PROBLEM, ...documentedSchemas().values()]) visit(schema);
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}
