import { AuditReport } from '../audit/report';
import type { ContractClass } from '../field';
import { schemaDocument } from '../json-schema';
import { hostQueries } from '../host/host.queries';
import { Plan } from '../plan/plan';
import { COMMANDS, EVENTS, QUERIES } from '../registry-of-contracts';
import type { TextFile } from './text-file';

/** Every JSON Schema that Torch publishes, one file each. */
export function schemaFiles(): TextFile[] {
  // GetDigest and GetOwner are the same for every service.
  const queries = [...QUERIES, ...Object.values(hostQueries).map((query) => query('registry'))];
  return [
    schemaFile('plan', Plan, 'urn:torch:plan'),
    schemaFile('audit-report', AuditReport, 'urn:torch:audit-report:1'),
    ...EVENTS.map(({ type, v, data }) => schemaFile(eventSchemaName(type, v), data, eventSchemaId(type, v))),
    ...COMMANDS.map(({ type, data }) => schemaFile(`${type}.command`, data, `urn:torch:command:${type}`)),
    ...queries.flatMap(({ type, data, answer }) => [
      schemaFile(`${type}.query`, data, `urn:torch:query:${type}`),
      schemaFile(`${type}.answer`, answer, `urn:torch:answer:${type}`),
    ]),
  ];
}

/** `dataschema` of the event wherever it leaves Torch as a CloudEvent. */
export const eventSchemaId = (type: string, v: number): string => `urn:torch:event:${type}:${v}`;

const eventSchemaName = (type: string, v: number): string => `${type}.v${v}.event`;

/**
 * Schemas of older event versions: no class describes them any more, so they stay as they were published, and removing
 * one counts as drift.
 */
export function olderSchemaPaths(): string[] {
  return EVENTS.flatMap(({ type, v }) => Array.from({ length: v - 1 }, (_, older) => pathOf(eventSchemaName(type, older + 1))));
}

const pathOf = (name: string): string => `schemas/${name}.schema.json`;

function schemaFile(name: string, contract: ContractClass, id: string): TextFile {
  return { path: pathOf(name), text: `${JSON.stringify(schemaDocument(contract, id), null, 2)}\n` };
}
