import { assertFits, COMMANDS, eventContract, fieldsOf, TaskSpec } from '@torch/contracts';
import fc from 'fast-check';
import { extremes } from './extremes';

describe('data at its extremes', () => {
  it.each(COMMANDS.map(({ type, data }) => [type, data] as const))('fits the contract of %s', (type, contract) => {
    fc.assert(
      fc.property(extremes(contract, { itemsMax: 3 }), (data) => assertFits(contract, data, type)),
      { numRuns: 30 },
    );
  });

  it('has the longest texts, in bytes as well as in characters, the largest numbers, and the most items', () => {
    const [task, progressed] = [TaskSpec, eventContract('task.progressed')!.data];
    const found = { title: new Set<unknown>(), claims: new Set<unknown>(), percent: new Set<unknown>() };
    fc.assert(
      fc.property(extremes(task, { itemsMax: 40 }), extremes(progressed, { itemsMax: 40 }), ({ title, claims }, { percent }) => {
        found.title.add(title);
        found.claims.add((claims as unknown[] | undefined)?.length);
        found.percent.add(percent);
      }),
      { numRuns: 200 },
    );
    expect(found.title).toEqual(new Set(['\u{1F6D1}'.repeat(200), '\u0001'.repeat(200), 'x'.repeat(200), 'x']));
    expect(found.claims).toEqual(new Set([undefined, 0, 32]));
    expect(found.percent).toEqual(new Set([undefined, 0, 100]));
    expect(fieldsOf(task).size).toBeGreaterThan(20);
  });
});
