import { type ApprovalView, APPROVE, DENY } from '@torch/contracts';
import { action, type CliContext } from '../cli-context';
import { dateTime, shortened } from '../text/format';
import { table } from '../text/table';
import { type CommandGroup, examples, wholeNumber } from './command-group';

const LIST_DEFAULT = 50;
const QUESTION_CHARS_SHOWN = 100;

export const approvalCommands: CommandGroup = (program, io, exit) => {
  program
    .command('approvals')
    .description('Lists questions that wait for an answer.')
    .option('--all', 'answered and withdrawn ones too')
    .option('--task <task>', 'about this task only')
    .option('--limit <n>', 'at most this many', wholeNumber('--limit', { min: 1, max: 1000 }), LIST_DEFAULT)
    .addHelpText('after', examples('torch approvals', 'torch approvals --task run-4f2a91.deploy --all'))
    .action(action(io, exit, list));
  program
    .command('approve')
    .argument('<approval>')
    .description('Answers a question with yes, or with one of its options. The first answer holds.')
    .option('--option <name>', 'the answer', APPROVE)
    .option('--note <text>', 'what else there is to say')
    .addHelpText('after', examples('torch approve 8c1f', 'torch approve 8c1f --option blue-green --note "Keep the old one for a day."'))
    .action(action(io, exit, answer));
  program
    .command('deny')
    .argument('<approval>')
    .description('Answers a question with no. A task that was not to start without a yes fails.')
    .option('--note <text>', 'why')
    .addHelpText('after', examples('torch deny 8c1f --note "Not on a Friday."'))
    .action(action(io, exit, deny));
};

async function list(context: CliContext, { all, task, limit }: { all?: boolean; task?: string; limit: number }): Promise<void> {
  const found = await context.project().approvals.list({ open: all ? false : undefined, taskId: task, limit });
  context.answer(found, () => {
    if (found.approvals.length === 0) return all ? 'No questions.' : 'No open questions.';
    const rows = found.approvals.map((view) => [
      view.approvalId,
      view.taskId,
      view.agentId ?? '',
      stateOf(view),
      view.options.join(','),
      dateTime(view.timeoutAtMs),
      shortened(view.question, QUESTION_CHARS_SHOWN),
    ]);
    return table(['APPROVAL', 'TASK', 'ASKED BY', 'STATE', 'OPTIONS', 'UNTIL', 'QUESTION'], rows);
  });
}

function stateOf({ status, option, answeredBy, escalatedTo }: ApprovalView): string {
  if (status === 'answered') return `${option} by ${answeredBy}`;
  return status === 'open' && escalatedTo !== undefined ? `open, with ${escalatedTo}` : status;
}

const deny = (context: CliContext, approvalId: string, { note }: { note?: string }): Promise<void> =>
  answer(context, approvalId, { option: DENY, note });

async function answer(context: CliContext, approvalId: string, { option, note }: { option: string; note?: string }): Promise<void> {
  const { position } = await context.project().approvals.answer(approvalId, { option, ...(note !== undefined && { note }) });
  context.answer({ approvalId, option, position }, () => `Question ${approvalId} is answered: ${option}.`);
}
