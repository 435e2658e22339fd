import fc from 'fast-check';
import { DURATION_PATTERN, durationMs } from './duration';

describe('durationMs', () => {
  it.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['0s', 0],
    ['007m', 420_000],
  ])('reads %s as %d ms', (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  it.each(['', '10', 's', '1.5s', '-1s', '1 s', ' 1s', '1s ', '1S', '1w', '1m30s', '1s\n', '123456789s', '１s'])(
    'does not read %j',
    (text) => {
      expect(durationMs(text)).toBeUndefined();
    },
  );

  it('reads whatever the pattern allows, as a safe whole number', () => {
    fc.assert(fc.property(fc.stringMatching(DURATION_PATTERN), (text) => Number.isSafeInteger(durationMs(text))));
  });
});
