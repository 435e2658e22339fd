import { type ContractClass, type FieldSchema, fieldsOf } from './field';

export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** Where `$ref`s point: JSON Schema files keep `#/$defs/`, OpenAPI and AsyncAPI `#/components/schemas/`. */
export type RefPrefix = '#/$defs/' | '#/components/schemas/';

/**
 * JSON Schema of one contract class, without the classes that it refers to. Unknown fields are refused: an event or a
 * request with a misspelt field is an error, not a shrug.
 */
export function objectSchema(contract: ContractClass, refPrefix: RefPrefix = '#/$defs/'): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const [name, { schema, optional, description }] of fieldsOf(contract)) {
    properties[name] = { ...withRefs(schema, refPrefix), ...(description && { description }) };
    if (!optional) required.push(name);
  }
  return { type: 'object', additionalProperties: false, ...(required.length > 0 && { required }), properties };
}

function withRefs({ contract, items, published, ...schema }: FieldSchema, refPrefix: RefPrefix): JsonSchema {
  if (published) return published;
  if (contract) return { $ref: refPrefix + contract().name };
  return { ...schema, ...(items && { items: withRefs(items, refPrefix) }) };
}

/** The contract classes that these refer to, directly or through others, themselves included. */
export function closureOf(contracts: readonly ContractClass[]): ContractClass[] {
  const seen = new Set<ContractClass>();
  const visit = (contract: ContractClass): void => {
    if (seen.has(contract)) return;
    seen.add(contract);
    for (const { schema } of fieldsOf(contract).values()) {
      const inner = schema.contract ?? schema.items?.contract;
      if (inner) visit(inner());
    }
  };
  contracts.forEach(visit);
  return [...seen];
}

/** A self-contained JSON Schema document of one contract class. */
export function schemaDocument(contract: ContractClass, id: string): JsonSchema {
  const referred = closureOf([contract]).filter((other) => other !== contract);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: id,
    title: contract.name,
    ...objectSchema(contract),
    ...(referred.length > 0 && { $defs: Object.fromEntries(referred.map((other) => [other.name, objectSchema(other)])) }),
  };
}
