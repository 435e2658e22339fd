import type { ClaimHolder } from '@torch/contracts';
import { present } from '@torch/kernel';
import { Option } from 'commander';
import { action, type CliContext } from '../cli-context';
import { dateTime } from '../text/format';
import { table } from '../text/table';
import { type CommandGroup, examples, wholeNumber } from './command-group';
import { durationOption } from './option-values';

const LIST_DEFAULT = 100;

export const claimCommand: CommandGroup = (program, io, exit) => {
  const claim = program.command('claim').description('Looks at paths that agents keep for themselves, claims and releases them.');
  const agent = (): Option => new Option('--agent <agent>', 'for this agent; default: TORCH_AGENT_ID');
  claim
    .command('list')
    .description('Lists who holds which paths.')
    .option('--agent <agent>', 'of this agent only')
    .option('--path <path>', 'only what is in the way of this path')
    .option('--limit <n>', 'at most this many', wholeNumber('--limit', { min: 1, max: 1000 }), LIST_DEFAULT)
    .addHelpText('after', examples('torch claim list', 'torch claim list --path "repo:src/auth/**"'))
    .action(action(io, exit, list));
  claim
    .command('take')
    .argument('<paths...>', 'such as "repo:src/auth/**"')
    .description('Claims all of the paths, or none. It does not wait: a refusal names the holder.')
    .addOption(agent())
    .option('--shared', 'others may share them; only an exclusive claim is in the way')
    .option('--lease <duration>', 'it ends then unless it is renewed; default 10m', durationOption('--lease'))
    .option('--task <task>', "it ends with this task's attempt")
    .option('--id <claim>', 'its id; the same again renews it')
    .addHelpText(
      'after',
      examples('torch claim take "repo:src/auth/**" --lease 30m', 'torch claim take "repo:docs/**" "repo:README.md" --shared'),
    )
    .action(action(io, exit, take));
  claim
    .command('release')
    .argument('<claim>')
    .description('Gives a claim back.')
    .addOption(agent())
    .addHelpText('after', examples('torch claim release 5f0c --agent builder-1'))
    .action(action(io, exit, release));
};

async function list(context: CliContext, { agent, path, limit }: { agent?: string; path?: string; limit: number }): Promise<void> {
  const found = await context.project().claims.list({ agentId: agent, path, limit });
  context.answer(found, () => {
    if (found.claims.length === 0) return 'No claims.';
    const row = ({ path: held, mode, agentId, claimId, taskId }: ClaimHolder): string[] => [
      held,
      mode,
      agentId,
      claimId ?? '',
      taskId ?? '',
    ];
    return table(['PATH', 'MODE', 'AGENT', 'CLAIM', 'TASK'], found.claims.map(row));
  });
}

interface TakeOptions {
  readonly agent?: string;
  readonly shared?: boolean;
  readonly lease?: number;
  readonly task?: string;
  readonly id?: string;
}

async function take(context: CliContext, paths: string[], { agent, shared, lease, task, id }: TakeOptions): Promise<void> {
  const mode = shared ? ('shared' as const) : ('exclusive' as const);
  const optional = present({ claimId: id, agentId: agent ?? context.io.env.TORCH_AGENT_ID, taskId: task, leaseMs: lease });
  const taken = await context.project().claims.claim({ paths: paths.map((path) => ({ path, mode })), ...optional });
  const until = taken.leaseUntilMs === undefined ? '' : ` until ${dateTime(taken.leaseUntilMs)}`;
  context.answer(taken, () => `Claim ${taken.claimId} is granted${until}: ${paths.join(', ')}.`);
}

async function release(context: CliContext, claimId: string, { agent }: { agent?: string }): Promise<void> {
  const { position } = await context.project().claims.release(claimId, agent ?? context.io.env.TORCH_AGENT_ID);
  context.answer({ claimId, position }, () => `Claim ${claimId} is released.`);
}
