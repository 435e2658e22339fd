import 'reflect-metadata';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describeGateway } from './describe-gateway';

/** Run from the repository's root; needs no log server. With `--check` nothing is written, and a difference ends with exit code 1. */
const path = join(process.cwd(), 'docs', 'contracts', 'openapi.json');

async function main(check: boolean): Promise<void> {
  const text = `${JSON.stringify(await describeGateway(), null, 2)}\n`;
  if (!check) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const agrees = existsSync(path) && readFileSync(path, 'utf8') === text;
  if (agrees) console.log('openapi.json agrees with the gateway.');
  else console.error('docs/contracts/openapi.json differs from what the gateway says. Run npm run contracts to write it anew.');
  process.exitCode = agrees ? 0 : 1;
}

void main(process.argv.includes('--check'));
