import type { DigestsView } from '@torch/agent';
import type { ServiceName } from '@torch/contracts';
import { ArchiveLog, type ReadableLog } from '@torch/archive';
import { formatPosition } from '@torch/log';
import type { CliContext } from '../cli-context';
import { connectLog } from '../history/log.connection';
import { DECIDERS } from './deciders';

/** Looks at a live service that differs before the difference counts: an owner that just changed hands says so once. */
export const LOOKS_MAX = 3;
const PROGRESS_EVERY_MS = 1000;

export interface ServiceReplay {
  readonly service: ServiceName;
  /** Where the live state stands, and the replay was ended. */
  readonly ownSeq: number;
  readonly foreignSeq: number;
  readonly live: string;
  readonly replayed?: string;
  readonly equal: boolean;
  /** Why the log could not be replayed. */
  readonly problem?: string;
}

export interface ReplayReport {
  readonly project: string;
  readonly partition: number;
  readonly equal: boolean;
  readonly services: readonly ServiceReplay[];
}

/**
 * Rebuilds a project's state in every service from the log's first entry, up to where the live service stands, and
 * compares the digests.
 *
 * @throws CliError 3 when the log server is not known or not reachable.
 */
export async function replayCheck(context: CliContext): Promise<ReplayReport> {
  const project = context.project();
  const { partition, services: live } = await project.digests();
  const server = await connectLog(context);
  try {
    const log = await fromTheBeginning(context, server.log, partition);
    const services: ServiceReplay[] = [];
    for (const { service } of live) {
      if (!DECIDERS[service]) continue;
      let checked: ServiceReplay | undefined;
      for (let look = 1; look <= LOOKS_MAX && !checked?.equal; look++) {
        const now = look === 1 ? live : (await project.digests()).services;
        checked = await check({ context, log, partition, service, live: now });
      }
      if (checked) services.push(checked);
    }
    return { project: context.projectName, partition, equal: services.every(({ equal }) => equal), services };
  } finally {
    await server.close();
  }
}

interface Check {
  readonly context: CliContext;
  readonly log: ReadableLog;
  readonly partition: number;
  readonly service: ServiceName;
  readonly live: DigestsView['services'];
}

async function check({ context, log, partition, service, live }: Check): Promise<ServiceReplay | undefined> {
  const decider = DECIDERS[service];
  const digest = live.find((candidate) => candidate.service === service);
  if (!decider || !digest) return undefined;
  const { ownSeq, foreignSeq } = digest;
  const found = { service, ownSeq, foreignSeq, live: digest.digest };
  try {
    const { replayProject } = await import('@torch/host');
    const onProgress = progressNote(context, service, Math.max(ownSeq, foreignSeq));
    const replayed = await replayProject({
      log,
      decider,
      service,
      partition,
      project: context.projectName,
      through: { ownSeq, foreignSeq },
      onProgress,
    });
    return { ...found, replayed: replayed.digest, equal: replayed.digest === digest.digest };
  } catch (error) {
    if (error instanceof Error && ['Gap', 'InvariantViolation'].includes(error.name))
      return { ...found, equal: false, problem: error.message };
    throw error;
  }
}

/** The log server's log as long as that goes back to the first entry; once it has been trimmed, the archive and what comes behind it. */
async function fromTheBeginning(context: CliContext, hot: ReadableLog, partition: number): Promise<ReadableLog> {
  const first = await hot.first(partition);
  if (!first || first.seq === 1) return hot;
  const dir = context.archiveDir();
  context.note(`The log server's log begins at ${formatPosition(first)}; what came before is read from the archive in ${dir}.`);
  return new ArchiveLog({ dir, hot });
}

/** A line a second, on stderr, for logs that take long. */
export function progressNote(context: CliContext, service: ServiceName, lastSeq: number): (seq: number) => void {
  let nextAt = performance.now() + PROGRESS_EVERY_MS;
  return (seq) => {
    if (performance.now() < nextAt) return;
    nextAt = performance.now() + PROGRESS_EVERY_MS;
    context.note(`Replaying ${service}: ${seq} of ${lastSeq} commits.`);
  };
}
