import { saturatingAdd } from './saturating-add';

const MOST = Number.MAX_SAFE_INTEGER;

describe('a saturating sum', () => {
  it('is the sum while that is exact', () => {
    expect(saturatingAdd()).toBe(0);
    expect(saturatingAdd(1, 2, 3)).toBe(6);
    expect(saturatingAdd(MOST - 1, 1)).toBe(MOST);
  });

  it('stays at the largest whole number that is exact', () => {
    expect(saturatingAdd(MOST, 1)).toBe(MOST);
    expect(saturatingAdd(MOST, MOST, MOST)).toBe(MOST);
    expect(saturatingAdd(Infinity, 1)).toBe(MOST);
  });
});
