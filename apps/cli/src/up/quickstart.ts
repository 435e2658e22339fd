import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { CliContext } from '../cli-context';
import { CliError } from '../cli.errors';
import { EXIT } from '../exit-code';
import { readPlan } from '../plan/plan.reader';
import { runPlan, type RunOutcome } from '../run/run.plan';

/** The task whose last line of output is the path of what the quickstart has made. */
const REPORT_KEY = 'report';

/** Runs examples/quickstart.yaml on the folder the command is run in, live, and prints the path of its report. */
export async function runQuickstart(context: CliContext): Promise<number> {
  const path = resolve(dirname(context.io.script), '../../../examples/quickstart.yaml');
  if (!existsSync(path))
    throw new CliError(EXIT.failed, 'no-quickstart', `There is no ${path}; the quickstart is part of a checkout of Torch.`);
  const file = readPlan(path);
  // The report belongs into this Torch's data directory, of which agents are not told by themselves.
  const agents = file.plan.agents?.map((agent) => ({ ...agent, env: { ...agent.env, TORCH_DATA_DIR: context.dataDir.root } }));
  const outcome = await runPlan(context, { ...file, plan: { ...file.plan, agents } });
  if (outcome.exitCode === EXIT.done && !context.json) context.print(`The report: ${await lastLine(context, outcome)}`);
  return outcome.exitCode;
}

async function lastLine(context: CliContext, { project, result }: RunOutcome): Promise<string> {
  const taskId = result?.results.find(({ key }) => key === REPORT_KEY)?.taskId ?? '';
  const chunks: Uint8Array[] = [];
  for await (const chunk of context.gateway().project(project).taskOutput(taskId)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8').trimEnd().split('\n').at(-1) ?? '';
}
