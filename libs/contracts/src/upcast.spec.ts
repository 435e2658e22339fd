import { InvariantViolation } from '@torch/kernel';
import { contractsOf } from './contract';
import { EVENTS } from './registry-of-contracts';
import { upcast } from './upcast';

class Moved {
  place!: string;
  metres!: number;
  slowly!: boolean;
}

const moved = contractsOf('registry').event('thing.moved', Moved, {
  v: 3,
  upcasters: [
    ({ at, feet }: { at: string; feet: number }) => ({ place: at, feet }),
    ({ place, feet }: { place: string; feet: number }) => ({ place, metres: feet * 0.3048, slowly: false }),
  ],
});

describe('data of an older version', () => {
  it('is lifted through every upcaster between', () => {
    expect(upcast(moved, 1, { at: 'here', feet: 10 })).toEqual({ place: 'here', metres: 3.048, slowly: false });
    expect(upcast(moved, 2, { place: 'there', feet: 100 })).toEqual({ place: 'there', metres: 30.48, slowly: false });
  });

  it('stays the very same object at the newest version', () => {
    const data = { place: 'here', metres: 1, slowly: true };
    expect(upcast(moved, 3, data)).toBe(data);
  });

  it.each([0, 4, -1, 1.5, Number.NaN])('stops the reader at version %d, which nobody knows', (v) => {
    expect(() => upcast(moved, v, {})).toThrow(InvariantViolation);
    expect(() => upcast(moved, v, {})).toThrow(/thing\.moved has version .* in the log, and this build knows 1 to 3/);
  });
});

describe('every event contract', () => {
  it.each(EVENTS.map((contract) => [contract.type, contract] as const))('%s has an upcaster from each older version', (_type, contract) => {
    expect(contract.upcasters).toHaveLength(contract.v - 1);
  });
});
