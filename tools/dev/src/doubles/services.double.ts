import { SERVICE_NAMES } from '@torch/contracts';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Says that it is ready, ends on SIGTERM, and with `TORCH_SUPERVISED` when its supervisor is gone. */
export const READY_SERVICE = `
console.log(JSON.stringify({ level: 30, msg: 'here' }));
process.send({ type: 'ready' });
process.on('SIGTERM', () => process.exit(0));
process.on('disconnect', () => process.exit(0));
setInterval(() => {}, 1000);`;

/** A folder of services for a supervisor to start: small scripts instead of the real ones. */
export function writeServices(folder: string, sources: Readonly<Partial<Record<string, string>>> = {}): string {
  for (const service of SERVICE_NAMES) {
    mkdirSync(join(folder, service), { recursive: true });
    writeFileSync(join(folder, service, 'main.js'), sources[service] ?? READY_SERVICE);
  }
  return folder;
}
