import { readRegistryConfig } from './registry.config';

describe('the registry’s environment', () => {
  it('has times that fit each other by default', () => {
    expect(readRegistryConfig({})).toMatchObject({ suspectedAfterMs: 10_000, lostAfterMs: 25_000, lookEveryMs: 1000 });
  });

  it('names every variable that is wrong', () => {
    expect(() => readRegistryConfig({ TORCH_REGISTRY_LOOK_EVERY_MS: 'often', TORCH_REGISTRY_LOST_AFTER_MS: '5000' })).toThrow(
      /LOOK_EVERY_MS[^]*LOST_AFTER_MS/,
    );
  });
});
