import { Option } from 'commander';
import { action, type CliContext } from '../cli-context';
import { CliError, wrongUsage } from '../cli.errors';
import { EXIT } from '../exit-code';
import { withHistory } from '../history/history';
import { prunedNote } from '../history/history.fold';
import { explain } from '../why/why';
import { whyMermaid } from '../why/why.mermaid';
import { whyTree } from '../why/why.tree';
import { type CommandGroup, examples } from './command-group';

const FORMATS = ['tree', 'json', 'mermaid'] as const;
const SUBJECT = /^[a-z]+\/.+$/;

interface WhyOptions {
  readonly format: (typeof FORMATS)[number];
  readonly archive?: string;
}

export const whyCommand: CommandGroup = (program, io, exit) => {
  program
    .command('why')
    .argument('<subject>', 'task/…, run/…, agent/…, message/…, pool/…: what events are about')
    .description(
      'Tells why things are as they are: who asked, which rule decided on what evidence, and what followed. Needs no running Torch.',
    )
    .addOption(new Option('--format <format>', 'how it is told').choices(FORMATS).default('tree'))
    .option('--archive <dir>', 'read this archive alone')
    .addHelpText(
      'after',
      examples('torch why task/run-4f2a91.lint', 'torch why agent/builder-1 --format mermaid > why.mmd', 'torch why run/run-4f2a91 --json'),
    )
    .action(action(io, exit, why));
};

async function why(context: CliContext, subject: string, { format, archive }: WhyOptions): Promise<void> {
  if (!SUBJECT.test(subject)) throw wrongUsage(`"${subject}" is not a subject, such as task/run-4f2a91.lint.`);
  const project = subject.startsWith('project/') ? subject.slice('project/'.length) : undefined;
  await withHistory(context, { archive, project }, async (history) => {
    const graph = await explain(history, subject);
    if (!graph)
      throw new CliError(
        EXIT.failed,
        'unknown-subject',
        `Nothing in the history of project ${history.project} is about ${subject}. Look for the id with "torch audit events", or name another project with --project.`,
      );
    const pruned = prunedNote(history);
    if (pruned !== undefined) context.note(pruned);
    if (context.json || format === 'json') context.print(JSON.stringify(graph));
    else context.print(format === 'mermaid' ? whyMermaid(graph) : whyTree(graph));
  });
}
