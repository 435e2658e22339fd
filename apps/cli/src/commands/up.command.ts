import { GatewayClient } from '@torch/agent';
import { type DetachedMessage, GATEWAY_HOST_DEFAULT, GATEWAY_PORT_DEFAULT, type RunningTorch, startTorch, upDetached } from '@torch/dev';
import { Option } from 'commander';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { action, type CliContext, PROJECT_DEFAULT } from '../cli-context';
import { failureOf, wrongUsage } from '../cli.errors';
import { EXIT } from '../exit-code';
import { duration } from '../text/format';
import { fields } from '../text/table';
import { runQuickstart } from '../up/quickstart';
import { type CommandGroup, examples, wholeNumber } from './command-group';

interface UpCommandOptions {
  readonly port: number;
  readonly detach?: boolean;
  readonly quickstart?: boolean;
  readonly once?: boolean;
  readonly background?: boolean;
}

const PORT_MAX = 65_535;

export const upCommand: CommandGroup = (program, io, exit) => {
  program
    .command('up')
    .description(
      'Starts Torch here: the log server (unless TORCH_LOG_URL names one) and the five services. Ctrl-C stops all of it, Ctrl-C twice at once.',
    )
    .option('-d, --detach', 'start in the background and return once everything is ready')
    .addOption(
      new Option('--port <n>', "the gateway's port; 0 takes any free one")
        .env('TORCH_GATEWAY_PORT')
        .argParser(wholeNumber('--port', { min: 0, max: PORT_MAX }))
        .default(GATEWAY_PORT_DEFAULT),
    )
    .option('--quickstart', 'then run examples/quickstart.yaml')
    .option('--once', 'with --quickstart: stop afterwards, with its exit code')
    .addOption(new Option('--background').hideHelp())
    .addHelpText(
      'after',
      examples('torch up', 'torch up --detach', 'torch up --data /srv/torch --port 8420', 'torch up --quickstart --once'),
    )
    .action(action(io, exit, up));
};

async function up(context: CliContext, options: UpCommandOptions): Promise<number> {
  if (options.once && !options.quickstart) throw wrongUsage('--once goes with --quickstart.');
  if (options.once && options.detach) throw wrongUsage('Give either --once or --detach.');
  return options.detach ? upInBackground(context, options) : upHere(context, options);
}

async function upInBackground(context: CliContext, { port, quickstart }: UpCommandOptions): Promise<number> {
  const stopped = new AbortController();
  const stopListening = context.io.onStopSignal(() => stopped.abort());
  try {
    const args = ['up', '--background', '--port', String(port), '--data', context.dataDir.root];
    const { pid, url } = await upDetached([context.io.script, ...args], context.dataDir, stopped.signal);
    const torch = { url, token: readFileSync(context.dataDir.token, 'utf8').trim() };
    if (!context.json || !quickstart) {
      context.answer(
        { pid, url, dataDir: context.dataDir.root },
        () => `${whereToLook(context, url)}\nIt runs in the background (pid ${pid}). Stop it with "torch down".`,
      );
    }
    return quickstart ? await runQuickstart(context.boundTo(torch)) : EXIT.done;
  } finally {
    stopListening();
  }
}

async function upHere(context: CliContext, options: UpCommandOptions): Promise<number> {
  const soon = new AbortController();
  const now = new AbortController();
  const stopListening = context.io.onStopSignal(() => {
    if (soon.signal.aborted) now.abort();
    else context.note('\nStopping … (once more: at once)');
    soon.abort();
  });
  try {
    const torch = await start(context, options, { soon: soon.signal, now: now.signal });
    try {
      return await stayUp(context, torch, options, soon.signal);
    } finally {
      await torch.stop();
      context.note('Torch has stopped.');
    }
  } catch (error) {
    tell(context, { type: 'failed', message: failureOf(error).message });
    throw error;
  } finally {
    stopListening();
  }
}

async function start(context: CliContext, { port }: UpCommandOptions, signals: Parameters<typeof startTorch>[1]): Promise<RunningTorch> {
  const { io, dataDir } = context;
  const startedAtMs = Date.now();
  const report = (line: string): void => context.note(`${duration(Date.now() - startedAtMs).padStart(7)}  ${line}`);
  const torch = await startTorch(
    {
      dataDir,
      port,
      host: io.env.TORCH_GATEWAY_HOST ?? GATEWAY_HOST_DEFAULT,
      servicesDir: resolve(dirname(io.script), '..'),
      logUrl: io.env.TORCH_LOG_URL || undefined,
      env: io.env,
      report,
    },
    signals,
  );
  try {
    await new GatewayClient(torch).createProject(PROJECT_DEFAULT);
  } catch (error) {
    await torch.stop();
    throw error;
  }
  report('All services are ready.');
  return torch;
}

async function stayUp(
  context: CliContext,
  torch: RunningTorch,
  { quickstart, once: onlyOnce }: UpCommandOptions,
  stop: AbortSignal,
): Promise<number> {
  const { url } = torch;
  tell(context, { type: 'up', url });
  if (!context.json || !quickstart) {
    context.answer(
      { pid: process.pid, url, dataDir: context.dataDir.root },
      () => `${whereToLook(context, url)}\nStop it with Ctrl-C or "torch down".`,
    );
  }
  if (quickstart) {
    const exitCode = await runQuickstart(context.boundTo(torch));
    if (onlyOnce || stop.aborted) return exitCode;
    context.note(`Torch stays up at ${url}. In another terminal: "npx torch status". Stop it with Ctrl-C.`);
  }
  if (!stop.aborted) await once(stop, 'abort');
  return EXIT.done;
}

function whereToLook({ dataDir }: CliContext, url: string): string {
  return fields([
    ['Torch is up', url],
    ['token', dataDir.token],
    ['data', dataDir.root],
    ['logs', dataDir.logs],
  ]);
}

function tell({ io }: CliContext, message: DetachedMessage): void {
  io.tellStarter?.(message);
}
