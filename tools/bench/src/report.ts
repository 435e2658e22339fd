import { cpus, totalmem } from 'node:os';
import type { Figure } from './figure';

const number = (value: number | undefined): string =>
  value === undefined ? '–' : value >= 1000 ? Math.round(value).toLocaleString('en-US') : value.toFixed(2);

/** The figures as a table for people. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, value, unit, peer, peerValue, ratio, bar, ok }) => [
    name,
    `${number(value)} ${unit}`,
    peer ?? '–',
    peerValue === undefined ? '–' : `${number(peerValue)} ${unit}`,
    ratio === undefined ? '–' : `${ratio.toFixed(2)}×`,
    bar,
    ok ? 'ok' : 'MISSED',
  ]);
  const all = [['figure', 'torch', 'peer', 'peer’s', 'ratio', 'bar', ''], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length))) ?? [];
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGib: number;
  readonly node: string;
  readonly logServer: string;
}

export function machine(logServer: string): Machine {
  const all = cpus();
  return {
    cores: all.length,
    cpu: all[0]?.model ?? 'unknown',
    memoryGib: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    logServer,
  };
}
