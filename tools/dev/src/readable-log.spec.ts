import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readableTail } from './readable-log';

it('the end of a log is read as sentences, and what is none as it is', () => {
  const folder = mkdtempSync(join(tmpdir(), 'torch-readable-'));
  const path = join(folder, 'scheduler.log');
  const odd = '{"level":50,"msg":{"status":3},"err":{"message":{"of":"an object"}}}';
  writeFileSync(path, `{"level":60,"msg":"It ends.","err":{"message":"No room."}}\n${odd}\nnot JSON\n`);
  expect(readableTail(path, 3)).toEqual(['fatal: It ends.: No room.', odd, 'not JSON']);
  rmSync(folder, { recursive: true });
});
