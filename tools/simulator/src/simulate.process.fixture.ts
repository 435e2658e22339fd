import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { RoundResult } from './round';

const SIMULATE = resolve(__dirname, '../../dev/simulate.mjs');
/** On a slow machine that has other tests to run as well. */
export const ROUND_MS_MAX = 10 * 60_000;

export interface Simulated {
  readonly code: number | null;
  readonly said: string;
  readonly round: RoundResult;
}

/** The command as its users run it. In Jest's own sandbox, where each global is looked up anew, a world takes several times as long. */
export async function simulated(...args: string[]): Promise<Simulated> {
  const folder = mkdtempSync(join(tmpdir(), 'torch-simulate-'));
  const json = join(folder, 'round.json');
  try {
    const { code, said } = await new Promise<Omit<Simulated, 'round'>>((done) => {
      const program = execFile(process.execPath, [SIMULATE, ...args, '--json', json], { timeout: ROUND_MS_MAX }, (_, stdout, stderr) =>
        done({ code: program.exitCode, said: stdout + stderr }),
      );
    });
    return { code, said, round: JSON.parse(readFileSync(json, 'utf8')) as RoundResult };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
