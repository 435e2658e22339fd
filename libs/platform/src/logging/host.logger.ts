import type { HostLogger } from '@torch/host';
import type { PinoLogger } from 'nestjs-pino';

/** What the host has to say, as log lines with fields. */
export function hostLogger(pino: PinoLogger): HostLogger {
  return {
    debug: (message, fields = {}) => pino.debug(fields, message),
    info: (message, fields = {}) => pino.info(fields, message),
    warn: (message, fields = {}) => pino.warn(fields, message),
    error: (message, fields = {}) => pino.error(fields, message),
  };
}
