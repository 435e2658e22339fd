import type { ServiceName } from '@torch/contracts';
import { CliError } from '../cli.errors';
import { EXIT } from '../exit-code';
import { DECIDERS } from '../replay/deciders';
import type { History } from './history';
import type { HistoryPoint } from './history.point';

export interface FoldedState {
  readonly service: ServiceName;
  /** As a snapshot would keep it. */
  readonly encoded: unknown;
  /** SHA-256, hex. */
  readonly digest: string;
  /** False when nothing has happened in the project that the service takes notice of. */
  readonly isKnown: boolean;
}

/**
 * A service's state of the project after everything up to a point: the fold of the log from its first entry.
 *
 * @param onProgress called now and then with the seq reached.
 * @throws CliError 1 when retention has removed what the state follows from.
 */
export async function foldAt(
  { log, partition, project }: History,
  service: ServiceName,
  { position: { seq } }: HistoryPoint,
  onProgress?: (seq: number) => void,
): Promise<FoldedState> {
  const { replayProject } = await import('@torch/host');
  const decider = DECIDERS[service];
  try {
    const through = { ownSeq: seq, foreignSeq: seq };
    const { state, digest, isKnown } = await replayProject({ log, decider, service, partition, project, through, onProgress });
    return { service, encoded: decider.snapshot.encode(state), digest, isKnown };
  } catch (error) {
    const { records, throughSeq } = log.pruned(partition);
    if (records === 0 || !(error instanceof Error && error.name === 'InvariantViolation')) throw error;
    throw new CliError(
      EXIT.failed,
      'history-pruned',
      `The state of ${service} cannot be rebuilt: retention has removed the content of ${records} records up to seq ${throughSeq}, and what comes later builds on them. (${error.message})`,
      { cause: error },
    );
  }
}

/** A warning for people, when retention has removed part of what a result was made from. */
export function prunedNote({ log, partition }: History): string | undefined {
  const { records, throughSeq } = log.pruned(partition);
  return records === 0
    ? undefined
    : `Retention has removed the content of ${records} records up to seq ${throughSeq}: what they said is not in this.`;
}
