import { type ChainHead, positionOf, readPosition } from './chain';

/** What the notary signs: how far one partition's archive reaches, and what is in it. C2SP tlog-checkpoint. */
export interface Checkpoint {
  /** Which partition of which log, see `originOf`. */
  readonly origin: string;
  /** Leaves of the tree: the seq of the last record. */
  readonly size: number;
  /** Root of the tree, as hex. */
  readonly root: string;
  /** The last record, with its hash in the chain. */
  readonly head: ChainHead;
  /** Hash of the manifest's last line; 64 zeros while it has none. */
  readonly manifest: string;
  /** When it was signed, epoch ms. */
  readonly atMs: number;
}

/** `torch/<logId>/p03`. */
export const originOf = ({ logId, partition }: { logId: string; partition: number }): string =>
  `torch/${logId}/p${String(partition).padStart(2, '0')}`;

/** The text that is signed. */
export function formatCheckpoint({ origin, size, root, head, manifest, atMs }: Checkpoint): string {
  return [
    origin,
    String(size),
    Buffer.from(root, 'hex').toString('base64'),
    `position ${positionOf(head)}`,
    `chain ${head.hash}`,
    `manifest ${manifest}`,
    `time ${atMs}`,
    '',
  ].join('\n');
}

const HEX = '[0-9a-f]{64}';
const TEXT = new RegExp(
  `^([^\\n]+)\\n(\\d{1,16})\\n([A-Za-z0-9+/]{43}=)\\nposition (\\d{1,16}-\\d{1,16})\\nchain (${HEX})\\nmanifest (${HEX})\\ntime (\\d{1,16})\\n$`,
);

/** Undefined when the text is not what `formatCheckpoint` writes. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const [, origin = '', size = '', root = '', at = '', hash = '', manifest = '', time = ''] = TEXT.exec(text) ?? [];
  const position = readPosition(at);
  if (!position || position.seq !== Number(size)) return undefined;
  const checkpoint: Checkpoint = {
    origin,
    size: Number(size),
    root: Buffer.from(root, 'base64').toString('hex'),
    head: { ...position, hash },
    manifest,
    atMs: Number(time),
  };
  return formatCheckpoint(checkpoint) === text ? checkpoint : undefined;
}
