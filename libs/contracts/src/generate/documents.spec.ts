import { appendFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Ajv from 'ajv';
import Ajv2020 from 'ajv/dist/2020';
import { EVENTS } from '../registry-of-contracts';
import { asyncApiDocument } from './asyncapi';
import { contractDocuments, drift, writeDocuments } from './documents';
import { readGoldenFolder } from './golden';

const published = join(__dirname, '../../../../docs/contracts');
const documents = contractDocuments();

describe('the published documents', () => {
  it('are what the contracts say (npm run contracts writes them)', () => {
    expect(drift(published, documents)).toEqual([]);
  });

  it('are JSON Schemas that compile, each under an id of its own', () => {
    const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false });
    ajv.addKeyword('x-torch-sensitive'); // An annotation, as `description` is.
    for (const { path, text } of documents) if (path.startsWith('schemas/')) ajv.addSchema(JSON.parse(text) as object);
    expect(ajv.getSchema('urn:torch:plan')?.({ tasks: [{ key: 'a', role: 'developer', run: 'true' }] })).toBe(true);
    expect(ajv.getSchema('urn:torch:plan')?.({ tasks: [] })).toBe(false);
    for (const { type, v } of EVENTS) expect(ajv.getSchema(`urn:torch:event:${type}:${v}`)).toBeDefined();
  });
});

describe('the check for drift', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'torch-documents-'));
    cpSync(published, folder, { recursive: true }); // Schemas of older versions are kept, and not written again.
    writeDocuments(folder, documents);
    expect(drift(folder, documents)).toEqual([]);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('finds a changed, a missing and a left over document, and writing mends them all', () => {
    appendFileSync(join(folder, 'asyncapi.json'), ' ');
    rmSync(join(folder, 'schemas/plan.schema.json'));
    writeFileSync(join(folder, 'schemas/Gone.command.schema.json'), '{}');
    expect(drift(folder, documents)).toEqual([
      'schemas/plan.schema.json is missing.',
      'asyncapi.json is not what the contracts say.',
      'schemas/Gone.command.schema.json is left over: no contract has it.',
    ]);
    writeDocuments(folder, documents);
    expect(drift(folder, documents)).toEqual([]);
  });
});

describe('the AsyncAPI document', () => {
  const document = asyncApiDocument();
  const components = document.components as { schemas: Record<string, object>; messages: Record<string, object> };

  it('is valid by the official schema of AsyncAPI 3.0', () => {
    const official = require('@asyncapi/specs/schemas/3.0.0.json') as object;
    // The official schema brings draft 07 along, so ajv must not.
    const validate = new Ajv({ meta: false, validateSchema: false, strict: false, validateFormats: false }).compile(official);
    expect([validate(document), validate.errors]).toEqual([true, null]);
    expect(validate({ ...document, channels: { log: { adress: 'misspelt' } } })).toBe(false);
  });

  it('has no reference that leads nowhere', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference as string);
    const find = (reference: string): unknown =>
      reference
        .slice(2)
        .split('/')
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document);
    expect(references.length).toBeGreaterThan(200);
    expect(references.filter((reference) => find(reference) === undefined)).toEqual([]);
  });

  it('describes a commit so that every golden event fits into one, and a misspelt one does not', () => {
    const ajv = new Ajv2020({ strict: false });
    ajv.addSchema({ $id: 'doc', components: { schemas: components.schemas } });
    const fits = ajv.compile({ $ref: 'doc#/components/schemas/Commit' });
    const golden = readGoldenFolder(join(__dirname, '../../golden')).files.map(
      ({ text }) => JSON.parse(text) as { v: number; type: string },
    );
    const events = golden.filter(({ type, v }) => EVENTS.some((contract) => contract.type === type && contract.v === v));
    const commit = {
      service: 'scheduler',
      epoch: 3,
      recordedAtMs: 1,
      consumed: { entry: '0-0', commands: 0, seq: 0 },
      answers: [['id-1']],
      events,
    };
    expect([fits(commit), fits.errors]).toEqual([true, null]);
    expect(fits({ ...commit, events: [{ ...events[0], subjekt: 'x' }] })).toBe(false);
  });
});
