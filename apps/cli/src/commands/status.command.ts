import { type GatewayClient, GatewayProblem, type StatusView } from '@torch/agent';
import type { AgentView, RunView } from '@torch/contracts';
import type { ProcessState, TorchState } from '@torch/dev';
import { action, type CliContext } from '../cli-context';
import { failureOf, notRunning } from '../cli.errors';
import { EXIT } from '../exit-code';
import { archiveAlarms, archiveLine } from '../text/archive-alarm';
import { suspendedLines } from '../text/suspended-projects';
import { ago, dateTime, duration } from '../text/format';
import { fields, table } from '../text/table';
import { type CommandGroup, examples } from './command-group';

const RUNS_SHOWN = 5;
const AGENTS_MAX = 1000;
/** Enough to say that a queue is long. */
const QUEUE_MAX = 2000;

export const statusCommand: CommandGroup = (program, io, exit) => {
  program
    .command('status')
    .description('Shows whether Torch is up: its processes and their restarts, partitions, and of one project agents, runs and queue.')
    .addHelpText('after', examples('torch status', 'torch status --json --project shop'))
    .action(action(io, exit, status));
};

interface ProjectStatus {
  readonly agents: readonly AgentView[];
  readonly runs: readonly RunView[];
  readonly queue: { readonly ready: number; readonly blocked: number; readonly running: number };
}

async function status(context: CliContext): Promise<number> {
  const here = context.runningHere();
  const answer = await ask(context);
  if (!here && answer.problem !== undefined) throw notRunning(answer.problem);
  const report = { dataDir: context.dataDir.root, process: here && withoutSecrets(here), ...answer };
  context.answer(report, () =>
    [processText(here), answer.problem ?? gatewayText(answer.gateway), projectText(context, answer.project)].filter(Boolean).join('\n\n'),
  );
  return answer.problem === undefined ? EXIT.done : EXIT.unreachable;
}

async function ask(context: CliContext): Promise<{ gateway?: StatusView; project?: ProjectStatus; problem?: string }> {
  try {
    const client = context.gateway();
    const gateway = await client.status();
    return { gateway, project: await projectStatus(client, context.projectName) };
  } catch (error) {
    return { problem: failureOf(error).message };
  }
}

/** Undefined when there is no such project, or the log is away. */
async function projectStatus(client: GatewayClient, name: string): Promise<ProjectStatus | undefined> {
  const project = client.project(name);
  const count = async (state: 'ready' | 'blocked' | 'running'): Promise<number> =>
    (await project.listTasks({ status: state, limit: QUEUE_MAX })).tasks.length;
  try {
    const [{ agents }, { runs }, ready, blocked, running] = await Promise.all([
      project.listAgents({ limit: AGENTS_MAX }),
      project.listRuns({ limit: RUNS_SHOWN }),
      count('ready'),
      count('blocked'),
      count('running'),
    ]);
    return { agents, runs, queue: { ready, blocked, running } };
  } catch (error) {
    if (error instanceof GatewayProblem) return undefined;
    throw error;
  }
}

const withoutSecrets = ({ logUrl: _, ...state }: TorchState): Omit<TorchState, 'logUrl'> => state;

function processText(state: TorchState | undefined): string {
  if (!state) return '';
  const head = fields([
    ['torch', `${state.phase}, pid ${state.pid}, up for ${duration(Date.now() - state.startedAtMs)}`],
    ['gateway', state.url],
  ]);
  const row = ({ name, phase, pid, restarts, lastExit, sinceMs }: ProcessState): string[] => [
    name,
    phase,
    String(pid ?? ''),
    String(restarts),
    duration(Date.now() - sinceMs),
    lastExit ?? '',
  ];
  const rows = [...(state.logServer ? [state.logServer] : []), ...state.services].map(row);
  return `${head}\n\n${table(['PROCESS', 'STATE', 'PID', 'RESTARTS', 'FOR', 'LAST END'], rows)}`;
}

function gatewayText(status: StatusView | undefined): string {
  if (!status) return '';
  const rows = status.services.map(({ service, partitions }) => {
    const owned = partitions.flatMap((owner) => ('missing' in owner ? [] : [owner]));
    const missing = partitions.flatMap((owner) => ('missing' in owner ? [owner.partition] : []));
    const behind = owned.filter(({ catchingUp }) => catchingUp).map(({ partition }) => partition);
    return [
      service,
      `${owned.length} of ${partitions.length}`,
      String(new Set(owned.map(({ holder }) => holder)).size),
      missing.join(','),
      behind.join(','),
    ];
  });
  const archive = [archiveLine(status.archive) ?? [], archiveAlarms(status.archive, Date.now()), suspendedLines(status.services)]
    .flat()
    .map((line) => `\n${line}`)
    .join('');
  const head = `Version ${status.version}, log ${status.log.ok ? 'reachable' : 'NOT REACHABLE'}, ${status.partitions} partitions.`;
  return `${head}${archive}\n\n${table(['SERVICE', 'OWNED', 'INSTANCES', 'WITHOUT OWNER', 'CATCHING UP'], rows)}`;
}

function projectText(context: CliContext, project: ProjectStatus | undefined): string {
  if (!project) return '';
  const by = (presence: AgentView['presence']): number => project.agents.filter((agent) => agent.presence === presence).length;
  const { ready, blocked, running } = project.queue;
  const agents = (['live', 'suspected', 'lost'] as const)
    .filter((presence) => presence === 'live' || by(presence) > 0)
    .map((presence) => `${by(presence)} ${presence}`)
    .join(', ');
  const head = fields([
    ['project', context.projectName],
    ['agents', agents],
    ['tasks', `${running} running, ${ready} queued, ${blocked} blocked`],
  ]);
  const runs = project.runs.map(({ runId, name, status: state, total, completed, submittedAtMs, endedAtMs }) => [
    runId,
    name ?? '',
    state,
    `${completed}/${total}`,
    dateTime(submittedAtMs),
    endedAtMs === undefined ? ago(submittedAtMs) : duration(endedAtMs - submittedAtMs),
  ]);
  return runs.length === 0 ? head : `${head}\n\n${table(['RUN', 'NAME', 'STATUS', 'DONE', 'SUBMITTED', 'TOOK'], runs)}`;
}
