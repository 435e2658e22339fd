import { decodeRecord, leafHash, type RecordLine } from '@torch/domain-audit';
import type { Position } from '@torch/log';
import { sha256 } from './hashing';

/** One commit as the archive holds it. */
export class ArchivedRecord {
  readonly position: Position;
  /** Hash of the record before. */
  readonly previous: string;
  readonly hash: string;

  constructor(private readonly line: RecordLine) {
    this.position = { seq: line.seq, generation: line.generation };
    this.previous = line.previous;
    this.hash = line.hash;
  }

  /** Undefined when the line is no record. It keeps `line`'s buffer. */
  static of(line: Buffer): ArchivedRecord | undefined {
    const record = decodeRecord(line);
    return record && new ArchivedRecord(record);
  }

  /** The commit as the log held it; undefined once retention has removed it. */
  get body(): string | undefined {
    const { body } = this.line;
    return body?.toString('utf8');
  }

  /** Bytes of `body`, without making a text of them. */
  get bodyBytes(): Uint8Array | undefined {
    return this.line.body;
  }

  /** Hash of the record's leaf in the tree: computed from the content, or what was kept of it. */
  get leaf(): string {
    const { seq, generation, body, leaf } = this.line;
    return body ? leafHash({ seq, generation, body }, sha256) : (leaf as string);
  }
}
