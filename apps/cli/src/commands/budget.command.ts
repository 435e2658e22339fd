import { type Amounts, BUDGET_SCOPES, type BudgetScope, type BudgetView, USAGE_GROUPS, type UsageGroup } from '@torch/contracts';
import { present } from '@torch/kernel';
import { Argument, Option } from 'commander';
import { action, type CliContext } from '../cli-context';
import { wrongUsage } from '../cli.errors';
import { duration } from '../text/format';
import { table } from '../text/table';
import { type CommandGroup, examples, wholeNumber } from './command-group';
import { decimalOption, durationOption } from './option-values';

const USD_MAX = 1_000_000_000;
const USAGE_LISTED_DEFAULT = 50;

export const budgetCommands: CommandGroup = (program, io, exit) => {
  const budget = program.command('budget').description('Looks at what a project may spend, and sets it.');
  budget
    .command('list')
    .description('Lists budgets: what is used, what is reserved for tasks at work, and what there is.')
    .action(action(io, exit, list));
  budget
    .command('set')
    .addArgument(new Argument('<scope>', 'project, day (of the project, UTC) or agent').choices(BUDGET_SCOPES))
    .argument('[agent]', 'which agent; * for each without a budget of its own')
    .description('Sets a budget; it replaces what was set before for the same.')
    .option('--tokens <n>', 'input and output tokens together', wholeNumber('--tokens', { min: 0, max: Number.MAX_SAFE_INTEGER }))
    .option('--usd <amount>', 'money', decimalOption('--usd', { min: 0, max: USD_MAX }))
    .option('--time <duration>', 'time of attempts', durationOption('--time'))
    .option('--none', 'take the budget away')
    .addHelpText(
      'after',
      examples('torch budget set day --usd 25', 'torch budget set agent "*" --tokens 2000000', 'torch budget set project --none'),
    )
    .action(action(io, exit, set));
  program
    .command('usage')
    .description('Shows what was used, the largest first.')
    .addOption(new Option('--by <group>', 'totals by').choices(USAGE_GROUPS).default('project'))
    .option('--limit <n>', 'at most this many', wholeNumber('--limit', { min: 1, max: 1000 }), USAGE_LISTED_DEFAULT)
    .addHelpText('after', examples('torch usage --by model', 'torch usage --by day --json'))
    .action(action(io, exit, usage));
};

async function list(context: CliContext): Promise<void> {
  const found = await context.project().budgets.list();
  context.answer(found, () => {
    if (found.budgets.length === 0) return 'No budgets.';
    const header = ['SCOPE', 'NAME', 'TOKENS', 'USD', 'TIME'];
    return `${table(header, found.budgets.map(row))}\nUsed (+ reserved) of what there is.`;
  });
}

function row({ scope, name = '', used, reserved, limit }: BudgetView): string[] {
  const column = (field: keyof Amounts, text: (amount: number) => string): string => {
    const held = reserved[field] ? ` (+ ${text(reserved[field])})` : '';
    return limit[field] === undefined ? '' : `${text(used[field] ?? 0)}${held} of ${text(limit[field])}`;
  };
  return [scope, name, column('tokens', String), column('costUsd', usd), column('wallMs', duration)];
}

interface SetOptions {
  readonly tokens?: number;
  readonly usd?: number;
  readonly time?: number;
  readonly none?: boolean;
}

async function set(context: CliContext, scope: BudgetScope, name: string | undefined, options: SetOptions): Promise<void> {
  const limit = present({ tokens: options.tokens, costUsd: options.usd, wallMs: options.time });
  const isEmpty = Object.keys(limit).length === 0;
  if (isEmpty === (options.none !== true)) throw wrongUsage('Give at least one of --tokens, --usd and --time; or --none, alone.');
  if ((scope === 'agent') !== (name !== undefined))
    throw wrongUsage(
      scope === 'agent' ? 'Say which agent: its id, or "*" for each.' : `The budget of a ${scope} has no name, but "${name}" was given.`,
    );
  const { position } = await context.project().budgets.set({ scope, ...(name !== undefined && { name }), limit });
  const whose = name === undefined ? `the ${scope}` : name === '*' ? 'each agent' : `agent ${name}`;
  context.answer({ scope, name, limit, position }, () => `The budget of ${whose} is ${isEmpty ? 'taken away' : 'set'}.`);
}

async function usage(context: CliContext, { by, limit }: { by: UsageGroup; limit: number }): Promise<void> {
  const found = await context.project().budgets.usage(by, { limit });
  context.answer(found, () => {
    if (found.totals.length === 0) return 'Nothing was used yet.';
    const rows = found.totals.map(({ name, inputTokens, outputTokens, costUsd, wallMs, attempts }) => [
      name,
      String(inputTokens),
      String(outputTokens),
      costUsd.toFixed(2),
      duration(wallMs),
      String(attempts),
    ]);
    return table([by.toUpperCase(), 'INPUT', 'OUTPUT', 'USD', 'TIME', 'ATTEMPTS'], rows);
  });
}

const usd = (amount: number): string => `$${amount.toFixed(2)}`;
