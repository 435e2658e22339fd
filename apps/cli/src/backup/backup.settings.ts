import { withoutPassword } from '@torch/dev';
import type { CliContext } from '../cli-context';

const SECRET = /SECRET|TOKEN|PASSWORD/;

/** How Torch is set up, for whoever sets it up again: variables without what is secret, and what runs where. */
export function backupSettings({
  io,
  dataDir,
  runningHere,
}: Pick<CliContext, 'io' | 'dataDir'> & { runningHere?: ReturnType<CliContext['runningHere']> }): object {
  const names = Object.keys(io.env).filter((name) => /^(TORCH|OTEL)_/.test(name));
  const env = Object.fromEntries(names.sort().map((name) => [name, SECRET.test(name) ? null : withoutPassword(io.env[name] ?? '')]));
  const torch = runningHere && {
    url: runningHere.url,
    logUrl: withoutPassword(runningHere.logUrl),
    embeddedLogServer: runningHere.logServer !== undefined,
    services: runningHere.services.map(({ name }) => name),
  };
  return { dataDir: dataDir.root, node: process.version, platform: process.platform, env, ...(torch && { torch }) };
}
