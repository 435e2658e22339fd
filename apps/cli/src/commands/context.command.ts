import { GatewayProblem } from '@torch/agent';
import type { ContextComparison, ContextDocument } from '@torch/contracts';
import { present } from '@torch/kernel';
import { action, type CliContext } from '../cli-context';
import { CliError, wrongUsage } from '../cli.errors';
import { EXIT } from '../exit-code';
import { dateTime } from '../text/format';
import { table } from '../text/table';
import { type CommandGroup, examples, wholeNumber } from './command-group';
import { fileText } from './option-values';

const VERSION_MAX = Number.MAX_SAFE_INTEGER;

export const contextCommand: CommandGroup = (program, io, exit) => {
  const documents = program.command('context').description('Looks at the documents that agents share, and writes them.');
  const version = (option: string, min: number): ((text: string) => number) => wholeNumber(option, { min, max: VERSION_MAX });
  documents
    .command('list')
    .description('Lists documents.')
    .option('--removed', 'removed ones too')
    .action(action(io, exit, list));
  documents
    .command('get')
    .argument('<key>')
    .description('Prints a document as it is, or as it was.')
    .option('--at <version>', 'this version; default: the newest', version('--at', 1))
    .addHelpText('after', examples('torch context get goals', 'torch context get conventions --at 3 > conventions.md'))
    .action(action(io, exit, get));
  documents
    .command('set')
    .argument('<key>')
    .argument('[file]', 'what is to be in it')
    .description('Writes a document. When somebody was faster, nothing is changed, and both changes are shown together.')
    .option('--base <version>', 'the version that the change was made on; default 0: a new document', version('--base', 0), 0)
    .option('--text <text>', 'instead of a file')
    .option('--ref <reference>', 'instead of a file: where a larger document is')
    .addHelpText(
      'after',
      examples(
        'torch context set goals goals.md',
        'torch context set goals goals.md --base 4',
        'torch context set design --ref git:docs/design.md',
      ),
    )
    .action(action(io, exit, set));
  documents
    .command('history')
    .argument('<key>')
    .description('Lists the versions of a document that are at hand, the newest first.')
    .action(action(io, exit, history));
  documents
    .command('remove')
    .argument('<key>')
    .description('Removes a document; its versions go on counting.')
    .requiredOption('--base <version>', 'the version that is removed', version('--base', 1))
    .addHelpText('after', examples('torch context remove goals --base 4'))
    .action(action(io, exit, remove));
};

async function list(context: CliContext, { removed }: { removed?: boolean }): Promise<void> {
  const found = await context.project().context.list({ removed });
  context.answer(found, () => {
    if (found.documents.length === 0) return 'No documents.';
    const rows = found.documents.map((document) => [document.key, ...versionRow(document)]);
    return table(['KEY', ...VERSION_HEADER], rows);
  });
}

async function history(context: CliContext, key: string): Promise<void> {
  const found = await context.project().context.history(key);
  context.answer(found, () => table(VERSION_HEADER, found.versions.map(versionRow)));
}

const VERSION_HEADER = ['VERSION', 'WRITTEN', 'BY', 'WHERE'];
const versionRow = ({ version, atMs, by, removed, ref }: ContextDocument): string[] => [
  String(version),
  dateTime(atMs),
  by,
  removed ? 'removed' : (ref ?? ''),
];

async function get(context: CliContext, key: string, { at }: { at?: number }): Promise<void> {
  const document = await context.project().context.get(key, present({ version: at }));
  if (document.removed && !context.json)
    throw new CliError(
      EXIT.failed,
      'context-removed',
      `Document "${key}" was removed by ${document.by}, which is its version ${document.version}.`,
    );
  if (context.json) return context.print(JSON.stringify(document));
  if (document.text === undefined) return context.print(document.ref ?? '');
  context.io.stdout.write(document.text.endsWith('\n') ? document.text : `${document.text}\n`);
  context.note(`Version ${document.version}, written by ${document.by}.`);
}

interface SetOptions {
  readonly base: number;
  readonly text?: string;
  readonly ref?: string;
}

async function set(context: CliContext, key: string, file: string | undefined, { base, text, ref }: SetOptions): Promise<number | void> {
  if ([file, text, ref].filter((source) => source !== undefined).length !== 1) throw wrongUsage('Give one of: a file, --text, --ref.');
  const content = ref === undefined ? { text: text ?? fileText(context.io.cwd, file as string) } : { ref };
  const write = (): Promise<{ version: number }> => context.project().context.set(key, { version: base, ...content });
  return written(context, key, { base, write }, (taken) => `Document ${key} has version ${taken} now.`);
}

const remove = (context: CliContext, key: string, { base }: { base: number }): Promise<number | void> => {
  const write = (): Promise<{ version: number }> => context.project().context.remove(key, base);
  return written(context, key, { base, write }, (taken) => `Document ${key} is removed, which is its version ${taken}.`);
};

async function written(
  context: CliContext,
  key: string,
  { base, write }: { base: number; write: () => Promise<{ version: number }> },
  text: (version: number) => string,
): Promise<number | void> {
  try {
    const taken = await write();
    context.answer({ key, ...taken }, () => text(taken.version));
  } catch (error) {
    if (!(error instanceof GatewayProblem) || error.code !== 'context-conflict') throw error;
    const { newest, comparison } = error.document as { newest?: ContextDocument; comparison?: ContextComparison };
    const report = { error: { code: error.code, message: error.detail }, newest, comparison };
    context.note(`torch: ${error.detail}`);
    context.answer(report, () => mergeReport({ base, newest, comparison }));
    return EXIT.failed;
  }
}

interface Refused {
  readonly base: number;
  readonly newest?: ContextDocument;
  readonly comparison?: ContextComparison;
}

/** What has come since, and both changes together as far as they go together. */
function mergeReport({ base, newest, comparison }: Refused): string {
  const since = newest
    ? `Written on version ${base}; version ${newest.version} ${newest.removed ? 'removes it' : 'is there'}, by ${newest.by}. Nothing was changed.`
    : 'Nothing was changed.';
  if (!comparison) return since;
  const clashes = comparison.clashes.length === 1 ? 'in one place' : `in ${comparison.clashes.length} places`;
  const how = comparison.clean
    ? `Both changes go together. As follows, it can be set with --base ${comparison.newest}:`
    : `Both have changed the same lines, ${clashes}. Settle what is between the markers, and set it with --base ${comparison.newest}:`;
  return [since, how, '', comparison.merged.replace(/\n$/, '')].join('\n');
}
