import type { RestorePoint } from '@torch/archive';
import { momentMs } from '@torch/contracts';
import { wrongUsage } from '../cli.errors';
import { POINT_HELP, POSITION } from '../history/history.point';

/** @param partition that a position is of. @throws CliError 2 when the text is neither a time nor a position. */
export function restorePoint(text: string, partition: number): RestorePoint {
  const [, seq, generation] = POSITION.exec(text) ?? [];
  if (seq !== undefined) return { partition, seq: Number(seq), ...(generation !== undefined && { generation: Number(generation) }) };
  const atMs = momentMs(text);
  if (atMs === undefined) throw wrongUsage(`--at "${text}" is not ${POINT_HELP}.`);
  return { atMs };
}
