import { readFileSync } from 'node:fs';
import { listProcesses } from '../process/process-table';

/** Living processes whose command line has the number that only one test uses. */
export function leftOf(number: string): number[] {
  return listProcesses().flatMap(({ pid }) => (commandLine(pid).includes(number) ? [pid] : []));
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // It is gone meanwhile.
  }
}
