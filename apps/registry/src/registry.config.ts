import { PRESENCE_DEFAULTS, type PresenceConfig } from '@torch/domain-registry';
import { EnvironmentInvalid, EnvironmentReader } from '@torch/platform';

export interface RegistryConfig extends PresenceConfig {
  /** Between two looks at who is silent. */
  readonly lookEveryMs: number;
}

export const REGISTRY_CONFIG = Symbol('REGISTRY_CONFIG');

export const REGISTRY_DEFAULTS: RegistryConfig = { ...PRESENCE_DEFAULTS, lookEveryMs: 1000 };

/** @throws EnvironmentInvalid naming every variable whose value does not fit. */
export function readRegistryConfig(variables: NodeJS.ProcessEnv): RegistryConfig {
  const read = new EnvironmentReader(variables);
  const ms = (name: string, value: number): number => read.whole(`TORCH_REGISTRY_${name}`, { min: 10, max: 86_400_000 }) ?? value;
  const config: RegistryConfig = {
    ...REGISTRY_DEFAULTS,
    suspectedAfterMs: ms('SUSPECTED_AFTER_MS', REGISTRY_DEFAULTS.suspectedAfterMs),
    lostAfterMs: ms('LOST_AFTER_MS', REGISTRY_DEFAULTS.lostAfterMs),
    graceMs: ms('GRACE_MS', REGISTRY_DEFAULTS.graceMs),
    lookEveryMs: ms('LOOK_EVERY_MS', REGISTRY_DEFAULTS.lookEveryMs),
  };
  if (config.lostAfterMs <= config.suspectedAfterMs) {
    read.problems.push(
      `TORCH_REGISTRY_LOST_AFTER_MS (${config.lostAfterMs}) must be above TORCH_REGISTRY_SUSPECTED_AFTER_MS (${config.suspectedAfterMs}).`,
    );
  }
  if (config.lookEveryMs >= config.suspectedAfterMs) {
    read.problems.push(
      `TORCH_REGISTRY_LOOK_EVERY_MS (${config.lookEveryMs}) must be below TORCH_REGISTRY_SUSPECTED_AFTER_MS (${config.suspectedAfterMs}).`,
    );
  }
  if (read.problems.length > 0) throw new EnvironmentInvalid(read.problems);
  return config;
}
