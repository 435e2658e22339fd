import { readRegistryConfig } from './registry.config';

describe('the registry’s environment', () => {
  it('has times that fit each other by default', () => {
    expect(readRegistryConfig({})).toMatchObject({ suspectedAfterMs: 10_000, lostAfterMs: 25_000, graceMs: 15_000, lookEveryMs: 1000 });
  });

  it('sets every time', () => {
    const set = { SUSPECTED_AFTER_MS: '2000', LOST_AFTER_MS: '4000', GRACE_MS: '3000', LOOK_EVERY_MS: '500' };
    const variables = Object.fromEntries(Object.entries(set).map(([name, value]) => [`TORCH_REGISTRY_${name}`, value]));
    expect(readRegistryConfig(variables)).toMatchObject({ suspectedAfterMs: 2000, lostAfterMs: 4000, graceMs: 3000, lookEveryMs: 500 });
  });

  it('names every variable that is wrong', () => {
    expect(() => readRegistryConfig({ TORCH_REGISTRY_LOOK_EVERY_MS: 'often', TORCH_REGISTRY_LOST_AFTER_MS: '5000' })).toThrow(
      /LOOK_EVERY_MS[^]*LOST_AFTER_MS/,
    );
  });

  it('has to be looked at more often than silence is suspected', () => {
    expect(() => readRegistryConfig({ TORCH_REGISTRY_LOOK_EVERY_MS: '10000' })).toThrow(
      'TORCH_REGISTRY_LOOK_EVERY_MS (10000) must be below TORCH_REGISTRY_SUSPECTED_AFTER_MS (10000)',
    );
  });
});
