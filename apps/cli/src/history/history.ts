import { ArchiveLog, HistoryIndex, readLogNote } from '@torch/archive';
import { type LogServer, LogUnavailable, partitionOf, PARTITIONS_DEFAULT } from '@torch/log';
import type { CliContext } from '../cli-context';
import { CliError, notRunning } from '../cli.errors';
import { EXIT } from '../exit-code';
import { connectLog, logUrlOf } from './log.connection';

export interface HistoryOptions {
  /** Read this archive alone, whether a Torch runs or not. */
  readonly archive?: string;
  /** Another project than that of the command line. */
  readonly project?: string;
}

/** What happened in a project's partition, as far as it can be read: from the archive, the log server, or both. */
export interface History {
  readonly project: string;
  readonly partition: number;
  readonly log: ArchiveLog;
  readonly index: HistoryIndex;
  readonly source: 'archive' | 'log' | 'archive and log';
}

/**
 * Opens the history for `work`, and closes it.
 *
 * @throws CliError 1 when the named archive is none; CliError 3 when there is neither an archive nor a log server.
 */
export async function withHistory<T>(context: CliContext, options: HistoryOptions, work: (history: History) => Promise<T>): Promise<T> {
  const dir = context.archiveDir(options.archive);
  const note = await readLogNote({ dir });
  if (!note && options.archive !== undefined) throw noArchive(`There is no archive in ${dir}: it has no log.json.`);
  const project = options.project ?? context.projectName;
  const server = options.archive === undefined ? await reachableServer(context, note && partitionOf(project, note.partitions)) : undefined;
  if (!note && !server)
    throw notRunning(
      `There is no archive in ${dir}, and no Torch runs on ${context.dataDir.root}. Name an archive with --archive, or a data directory with --data.`,
    );
  const partitions = note?.partitions ?? (await (server as LogServer).partitions(PARTITIONS_DEFAULT));
  const partition = partitionOf(project, partitions);
  const log = new ArchiveLog({ dir, hot: server?.log });
  const onBuilding = (segment: number, segments: number): void =>
    context.note(`Indexing partition ${partition} of the archive: segment ${segment} of ${segments}.`);
  const index = new HistoryIndex({ dir, partition, log, onBuilding });
  try {
    return await work({ project, partition, log, index, source: !note ? 'log' : server ? 'archive and log' : 'archive' });
  } finally {
    await log.close();
    await server?.close();
  }
}

/**
 * Undefined when there is none, or when it cannot be read and there is an archive to do without it.
 *
 * @param archived the partition to read, when there is an archive of it.
 */
async function reachableServer(context: CliContext, archived: number | undefined): Promise<LogServer | undefined> {
  if (logUrlOf(context) === undefined) return undefined;
  if (archived === undefined) return connectLog(context);
  let server: LogServer | undefined;
  try {
    server = await connectLog(context);
    // It may be there and not be readable yet: after a restart it waits for what the archive restores.
    await server.log.head(archived);
    return server;
  } catch (error) {
    await server?.close();
    if (!(error instanceof LogUnavailable || error instanceof CliError)) throw error;
    context.note(`The history ends where the archive does. ${error.message}`);
    return undefined;
  }
}

const noArchive = (message: string): CliError => new CliError(EXIT.failed, 'no-archive', message);
