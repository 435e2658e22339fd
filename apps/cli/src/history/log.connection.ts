import type { LogServer } from '@torch/log';
import type { CliContext } from '../cli-context';
import { notRunning } from '../cli.errors';

/** Where the log server is: `TORCH_LOG_URL`, or as the data directory's Torch says. May hold a password: never print it. */
export const logUrlOf = (context: CliContext): string | undefined => context.io.env.TORCH_LOG_URL ?? context.runningHere()?.logUrl;

/** @throws CliError 3 when the log server is not known or not reachable. */
export async function connectLog(context: CliContext): Promise<LogServer> {
  const url = logUrlOf(context);
  if (!url)
    throw notRunning(
      'The log server is not known: replay reads the log itself. Name it with TORCH_LOG_URL, or the data directory of a running Torch with --data.',
    );
  try {
    // Loaded here, like the host: no other command needs them.
    const { connectLogServer, readLogTls } = await import('@torch/log-dragonfly');
    return await connectLogServer({ url, tls: url.startsWith('rediss:') ? readLogTls(url, context.io.env) : undefined });
  } catch (error) {
    throw notRunning(`The log server is not reachable: ${(error as Error).message}`);
  }
}
