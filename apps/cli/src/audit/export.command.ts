import { once } from 'node:events';
import { resolve } from 'node:path';
import { parseEventId } from '@torch/log';
import type { Command } from 'commander';
import { action, type CliContext } from '../cli-context';
import { CliError, wrongUsage } from '../cli.errors';
import type { CliIo } from '../cli-io';
import { examples } from '../commands/command-group';
import { EXIT } from '../exit-code';
import { bytes } from '../text/format';
import { eventFilterOf, type EventFilterOptions, withEventFilter } from './event-filter.options';
import { archiveDirOf, type EventPage, eventPages } from './event-pages';
import { ExportFile, partialPath } from './export-file';
import { ExportProgress } from './export.progress';
import { prunedNote } from './pruned.note';

interface ExportOptions extends EventFilterOptions {
  readonly out?: string;
  readonly resume?: boolean;
}

export const exportCommand = (audit: Command, io: CliIo, exit: (code: number) => void): void => {
  withEventFilter(audit.command('export'))
    .description("Writes all of the project's events that fit as CloudEvents 1.0, one a line (NDJSON).")
    .option('--out <file>', 'default: standard output; until it is whole the file is called <file>.partial')
    .option('--resume', 'go on behind the last line of <file>.partial')
    .addHelpText(
      'after',
      examples(
        'torch audit export --from 2026-11-01 --to 2026-11-30 --out november.ndjson',
        'torch audit export --from 2026-11-01 --to 2026-11-30 --out november.ndjson --resume',
        'torch audit export --archive /backup/audit --types run.ended | jq .data',
      ),
    )
    .action(action(io, exit, exportEvents));
};

async function exportEvents(context: CliContext, options: ExportOptions): Promise<number> {
  const { out, resume = false } = options;
  if (resume && out === undefined) throw wrongUsage('--resume goes with --out; on standard output go on with --after.');
  if (resume && options.after !== undefined) throw wrongUsage('--resume knows where to go on, and --after says otherwise.');
  const filter = eventFilterOf(options);
  const archiveDir = archiveDirOf(context, options.archive);
  const tally = new ExportTally();
  const file = out === undefined ? undefined : await ExportFile.open(resolve(context.io.cwd, out), { resume });
  const progress = new ExportProgress(context.io.stderr);
  const stopped = new AbortController();
  const stopListening = context.io.onStopSignal(() => stopped.abort());
  const { signal } = stopped;
  try {
    if (file?.lastLine !== undefined) tally.goOnBehind(file.lastLine);
    for await (const page of eventPages(context, { filter: { ...filter, afterId: tally.lastId ?? filter.afterId }, archiveDir, signal })) {
      const text = page.events.map((event) => `${JSON.stringify(event)}\n`).join('');
      await (file ? file.add(text) : written(context, text));
      tally.add(page);
      progress.show(tally.events, page.events.at(-1)?.time);
      if (signal.aborted) break;
    }
    signal.throwIfAborted();
    await file?.finish();
  } catch (error) {
    progress.end();
    await file?.leave();
    context.note(`${tally.events} events were exported. ${wayOn(file, tally.lastId)}`);
    if (!signal.aborted) throw error;
    return EXIT.interrupted;
  } finally {
    progress.end();
    stopListening();
  }
  if (tally.pruned > 0) context.note(prunedNote(tally.pruned));
  const { events, pruned } = tally;
  if (file)
    context.answer({ file: file.path, bytes: file.bytes, events, pruned }, () => `${file.path}: ${events} events, ${bytes(file.bytes)}.`);
  return EXIT.done;
}

/** What went out so far. */
class ExportTally {
  events = 0;
  pruned = 0;
  lastId: string | undefined;

  /** @throws CliError 1 when the last line of the file that is carried on is no event. */
  goOnBehind(line: string): void {
    try {
      const { id } = JSON.parse(line) as { id: string };
      parseEventId(id);
      this.lastId = id;
    } catch {
      throw new CliError(EXIT.failed, 'not-resumable', 'The last line of the partial file is no event; begin anew without --resume.');
    }
  }

  add({ events, pruned }: EventPage): void {
    this.events += events.length;
    this.pruned += pruned;
    this.lastId = events.at(-1)?.id ?? this.lastId;
  }
}

function wayOn(file: ExportFile | undefined, lastId: string | undefined): string {
  if (file) return `They are in ${partialPath(file.path)}; go on with --resume.`;
  return lastId === undefined ? 'Begin anew.' : `Go on with --after ${lastId}.`;
}

async function written({ io: { stdout } }: CliContext, text: string): Promise<void> {
  if (text !== '' && !stdout.write(text)) await once(stdout, 'drain');
}
