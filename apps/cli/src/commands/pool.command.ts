import type { PoolView } from '@torch/contracts';
import { action, type CliContext } from '../cli-context';
import { table } from '../text/table';
import { type CommandGroup, examples } from './command-group';

export const poolCommand: CommandGroup = (program, io, exit) => {
  const pool = program.command('pool').description('Looks at the pools from which agents are started, and acts on them.');
  pool
    .command('list')
    .description('Lists pools and their processes.')
    .action(action(io, exit, list));
  pool
    .command('release')
    .argument('<pool>')
    .description('Ends the quarantine of a pool whose agents kept crashing.')
    .addHelpText('after', examples('torch pool release run-4f2a91.developer.0'))
    .action(action(io, exit, release));
  pool
    .command('retire')
    .argument('<pool>')
    .description('Ends a pool: its agents are stopped, and no new ones started.')
    .option('--reason <text>', 'why', 'Retired from the command line.')
    .action(action(io, exit, retire));
};

async function list(context: CliContext): Promise<void> {
  const found = await context.project().listPools();
  context.answer(found, () => {
    if (found.pools.length === 0) return 'No pools.';
    const rows = found.pools.map((view) => [
      view.pool.poolId,
      view.pool.role,
      view.pool.harness,
      `${view.pool.min}-${view.pool.max}`,
      String(view.processes.length),
      stateOf(view),
      String(view.crashes),
      view.processes.map(({ agentId, state }) => (state === 'running' ? agentId : `${agentId} (${state})`)).join(' '),
    ]);
    return table(['POOL', 'ROLE', 'HARNESS', 'SIZE', 'NOW', 'STATE', 'CRASHES', 'AGENTS'], rows);
  });
}

function stateOf({ quarantined, retired, nextSpawnAtMs }: PoolView): string {
  if (quarantined) return 'quarantined';
  if (retired) return 'retired';
  return nextSpawnAtMs > Date.now() ? 'backing off' : 'open';
}

async function release(context: CliContext, poolId: string): Promise<void> {
  const { position } = await context.project().releasePool(poolId);
  context.answer({ poolId, position }, () => `Pool ${poolId} may start agents again.`);
}

async function retire(context: CliContext, poolId: string, { reason }: { reason: string }): Promise<void> {
  const { position } = await context.project().retirePool(poolId, reason);
  context.answer({ poolId, position }, () => `Pool ${poolId} is retired.`);
}
