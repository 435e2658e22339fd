import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CappedLog, lastLines } from './capped-log';

describe('a capped log', () => {
  const folder = mkdtempSync(join(tmpdir(), 'torch-capped-'));
  const path = join(folder, 'gateway.log');
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is turned over when it is full, and forgets the oldest file', () => {
    const log = new CappedLog(path, 10, 2);
    for (const line of ['one', 'two', 'three', 'four', 'five', 'six', 'seven']) log.write(`${line}\n`);
    log.close();
    expect(readdirSync(folder).sort()).toEqual(['gateway.log', 'gateway.log.1', 'gateway.log.2']);
    expect(readdirSync(folder).every((file) => statSync(join(folder, file)).size <= 10)).toBe(true);
    expect([2, 1].map((n) => readFileSync(`${path}.${n}`, 'utf8')).join('') + readFileSync(path, 'utf8')).toBe(
      'three\nfour\nfive\nsix\nseven\n',
    );
  });

  it('goes on where the last one ended, readable for its owner alone', () => {
    const log = new CappedLog(path, 1000);
    log.write('eight\n');
    log.close();
    log.write('nobody hears this\n');
    expect(lastLines(path, 2)).toEqual(['seven', 'eight']);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('has no last lines where there is no file', () => {
    expect(lastLines(join(folder, 'none.log'), 5)).toEqual([]);
  });
});
