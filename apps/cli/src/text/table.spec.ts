import type { CloudEvent } from '@torch/agent';
import { bytes, duration, shortened } from './format';
import { historyTable } from './history';
import { fields, table } from './table';

describe('text for people', () => {
  it('stands in columns, numbers to the right', () => {
    expect(
      table(
        ['NAME', 'DONE'],
        [
          ['a', '7'],
          ['longer', '12'],
        ],
      ),
    ).toBe('NAME    DONE\na          7\nlonger    12');
  });

  it('leaves out fields that are not there', () => {
    expect(
      fields([
        ['task', 'a'],
        ['agent', undefined],
        ['exit code', 0],
      ]),
    ).toBe('task:      a\nexit code: 0');
  });

  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1500, '1.5 s'],
    [65_000, '1 min 05 s'],
    [3_600_000, '1 h 00 min'],
    [90_000_000, '1 d 1 h'],
  ])('%d ms are %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [5 * 1024 ** 3, '5.0 GiB'],
  ])('%d bytes are %s', (count, text) => {
    expect(bytes(count)).toBe(text);
  });

  it('fits on one line', () => {
    expect(shortened('one\n two  three', 9)).toBe('one two …');
  });

  it('tells a history with who, which attempt, which agent and why', () => {
    const events: Partial<CloudEvent>[] = [
      { time: '2026-01-01T00:00:00.000Z', type: 'task.submitted', torchactor: 'user:operator', data: { runId: 'r' } },
      {
        time: '2026-01-01T00:00:02.500Z',
        type: 'task.attempt-failed',
        torchactor: 'agent:x',
        data: { attempt: 1, agentId: 'x', reason: 'exit-code', message: 'It broke.', exitCode: 2, durationMs: 2100 },
      },
    ];
    expect(
      historyTable(events as CloudEvent[])
        .split('\n')
        .map((line) => line.slice(25)),
    ).toEqual([
      'EVENT                BY             ATTEMPT  AGENT  EXIT  TOOK   WHY',
      'task.submitted       user:operator',
      'task.attempt-failed  agent:x              1  x         2  2.1 s  exit-code: It broke.',
    ]);
  });
});
