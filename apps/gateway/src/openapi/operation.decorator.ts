import { applyDecorators, HttpCode } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiConsumes, ApiHeader, ApiOperation, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { DURABILITIES, type ContractClass, fieldsOf, type JsonSchema, objectSchema } from '@torch/contracts';

/** A schema that no contract class says. `uses` names the contract classes that it refers to. */
export interface NamedSchema {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly uses?: readonly (ContractClass | NamedSchema)[];
}

interface OperationDocs {
  readonly summary: string;
  /** Default 200. */
  readonly status?: number;
  /** JSON unless `media` says otherwise. */
  readonly answer?: ContractClass | NamedSchema;
  readonly media?: string;
  readonly body?: ContractClass | NamedSchema;
  readonly bodyMedia?: readonly string[];
  readonly query?: ContractClass;
  /** The request may bring an Idempotency-Key. */
  readonly idempotent?: boolean;
  /** The request may say in If-Match which version it is about. */
  readonly ifMatch?: boolean;
  readonly open?: boolean;
}

const REFS = '#/components/schemas/';
const IDEMPOTENCY_KEY = 'The same key gives the same answer, and never a second effect.';

const IF_MATCH = 'The version that the change was made on, such as "3"; or as `version` in the body.';

const DURABILITY =
  'What the acknowledgement is to promise; the answer says under the same name what holds. Default: as the project is set.';

const documented = new Map<string, ContractClass | NamedSchema>();

/** What the operations refer to, by name. Filled as the controllers are loaded. */
export const documentedSchemas = (): ReadonlyMap<string, ContractClass | NamedSchema> => documented;

function ref(schema: ContractClass | NamedSchema): { $ref: string } {
  documented.set(schema.name, schema);
  return { $ref: REFS + schema.name };
}

/** A contract's body without the fields that come from the path or the token. */
export function bodySchema(
  contract: ContractClass,
  { without, optional = [] }: { without: readonly string[]; optional?: readonly string[] },
): NamedSchema {
  const {
    properties,
    required = [],
    ...schema
  } = objectSchema(contract, REFS) as { properties: Record<string, JsonSchema>; required?: string[] };
  const left = required.filter((name) => !without.includes(name) && !optional.includes(name));
  return {
    name: `${contract.name}Body`,
    schema: {
      ...schema,
      ...(left.length > 0 && { required: left }),
      properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !without.includes(name))),
    },
    uses: [contract],
  };
}

/** The status of a route's answer, and everything that the OpenAPI document says of the route. */
export function Operation(docs: OperationDocs): MethodDecorator {
  const { summary, status = 200, answer, media = 'application/json', body, bodyMedia, query, idempotent, ifMatch, open } = docs;
  const queries = query
    ? [...fieldsOf(query)].map(([name, { schema, optional, description }]) =>
        ApiQuery({
          name,
          required: !optional,
          schema: schema as object,
          ...(description && { description }),
          ...(schema.type === 'array' && { explode: false }),
          ...(schema.type === 'object' && { style: 'deepObject', explode: true }),
        }),
      )
    : [];
  return applyDecorators(
    HttpCode(status),
    ApiOperation({ summary }),
    ApiResponse({ status, description: 'Done.', content: { [media]: { schema: answer ? ref(answer) : { type: 'string' } } } }),
    ApiResponse({
      status: 'default',
      description: 'A problem document (RFC 9457).',
      content: { 'application/problem+json': { schema: { $ref: `${REFS}Problem` } } },
    }),
    ...(open ? [] : [ApiBearerAuth()]),
    ...(idempotent
      ? [
          ApiHeader({ name: 'Idempotency-Key', required: false, description: IDEMPOTENCY_KEY, schema: { type: 'string', maxLength: 255 } }),
          ApiHeader({
            name: 'Torch-Durability',
            required: false,
            description: DURABILITY,
            schema: { type: 'string', enum: [...DURABILITIES] },
          }),
        ]
      : []),
    ...(ifMatch
      ? [ApiHeader({ name: 'If-Match', required: false, description: IF_MATCH, schema: { type: 'string', maxLength: 20 } })]
      : []),
    ...(body ? [ApiBody({ schema: ref(body), required: true })] : []),
    ...(bodyMedia ? [ApiConsumes(...bodyMedia), ApiBody({ schema: { type: 'string' }, required: true })] : []),
    ...queries,
  );
}
