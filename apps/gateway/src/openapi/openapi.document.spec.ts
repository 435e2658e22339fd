import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OpenAPIObject } from '@nestjs/swagger';
import { describeGateway } from './describe-gateway';

const WRITTEN = join(__dirname, '../../../../docs/contracts/openapi.json');

let document: OpenAPIObject;
beforeAll(async () => {
  document = await describeGateway();
});

const operations = () =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  );

describe('the OpenAPI document', () => {
  it('is valid', () => {
    // The validator is an ES module, which Jest's CommonJS cannot load.
    const program = `
      import { Validator } from '@seriousme/openapi-schema-validator';
      let text = '';
      for await (const chunk of process.stdin) text += chunk;
      console.log(JSON.stringify(await new Validator().validate(JSON.parse(text))));`;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      input: JSON.stringify(document),
      cwd: __dirname,
    });
    expect(JSON.parse(output.toString())).toEqual({ valid: true });
  });

  it('is the one that is published; `npm run contracts` writes it', async () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(JSON.parse(await readFile(WRITTEN, 'utf8')));
  });

  it('says of every operation what it does, what it answers and how it fails', () => {
    for (const { path, operation } of operations().filter(({ path }) => path.startsWith('/v1/'))) {
      expect([path, operation.summary]).toEqual([path, expect.stringMatching(/\w.*[.]/)]);
      expect([path, Object.keys(operation.responses)]).toEqual([path, expect.arrayContaining(['default'])]);
      expect([path, operation.security]).toEqual([path, [{ bearer: [] }]]);
    }
  });

  it('has a schema for everything that it refers to', () => {
    const referred = new Set([...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name));
    expect([...referred].filter((name) => !document.components?.schemas?.[name ?? ''])).toEqual([]);
    expect(document.components?.schemas?.Plan).toMatchObject({ type: 'object', additionalProperties: false, required: ['tasks'] });
  });

  it('names the routes that agents and people use', () => {
    expect(operations().map(({ path, method }) => `${method} ${path}`)).toEqual(
      expect.arrayContaining([
        'post /v1/projects/{project}/runs',
        'post /v1/projects/{project}/tasks/{taskId}/attempts/{attempt}/complete',
        'get /v1/projects/{project}/agents/{agentId}/stream',
        'post /v1/projects/{project}/messages',
        'get /v1/projects/{project}/events',
        'get /v1/status',
        'get /healthz',
      ]),
    );
  });
});
