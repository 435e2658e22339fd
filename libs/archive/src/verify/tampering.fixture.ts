import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  type ChainRecord,
  chainRecord,
  decodeManifestLine,
  decodeRecord,
  encodeManifestLine,
  encodeRecord,
  formatCheckpoint,
  Frontier,
  GENESIS_HASH,
  leafOf,
  MANIFEST_START,
  type ManifestFact,
  manifestHash,
  type NoteSigner,
  openNote,
  originOf,
  parseCheckpoint,
  positionOf,
  type SegmentSealed,
  signNote,
  type VerifierKey,
} from '@torch/domain-audit';
import { CHECKPOINT, MANIFEST } from '../archive.layout';
import { sha256 } from '../hashing';
import { verifyEd25519 } from '../notary/ed25519';
import { LOG_ID } from './built-archive.fixture';

/** One partition of an archive in somebody else's hands. `restore` makes it as it was. */
export class ArchiveInWrongHands {
  private readonly kept: ReadonlyMap<string, Buffer>;

  constructor(
    readonly dir: string,
    readonly partition = 'p00',
  ) {
    this.kept = new Map(this.names().map((name) => [name, readFileSync(this.path(name))]));
  }

  restore(): void {
    for (const name of this.names()) if (!this.kept.has(name)) rmSync(this.path(name));
    for (const [name, bytes] of this.kept) {
      if (!this.names().includes(name) || !readFileSync(this.path(name)).equals(bytes)) writeFileSync(this.path(name), bytes);
    }
  }

  names(): string[] {
    return readdirSync(join(this.dir, this.partition), { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => name)
      .sort();
  }

  path(name: string): string {
    return join(this.dir, this.partition, name);
  }

  /** Names of the segments, in order. */
  segments(): string[] {
    return this.names().filter((name) => name.startsWith('segment-'));
  }

  lines(name: string): string[] {
    const bytes = readFileSync(this.path(name));
    return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').split('\n').slice(0, -1);
  }

  writeLines(name: string, lines: readonly string[]): void {
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    writeFileSync(this.path(name), name.endsWith('.gz') ? gzipSync(bytes, { level: 1 }) : bytes);
  }

  change(name: string, change: (lines: string[]) => readonly string[]): void {
    this.writeLines(name, change(this.lines(name)));
  }

  changeBytes(name: string, change: (bytes: Buffer) => Buffer): void {
    writeFileSync(this.path(name), change(Buffer.from(readFileSync(this.path(name)))));
  }

  manifest(): SegmentSealed[] {
    return this.lines(MANIFEST).map((line) => decodeManifestLine(line) as SegmentSealed);
  }

  /** Writes the manifest with links that fit. @returns the hash of its last line. */
  writeManifest(facts: readonly ManifestFact[]): string {
    let previous = MANIFEST_START;
    const lines = facts.map((fact) => {
      const line = encodeManifestLine(fact, previous);
      previous = manifestHash(line, sha256);
      return line;
    });
    this.writeLines(MANIFEST, lines);
    return previous;
  }

  /** Changes one field of the newest checkpoint and signs it again. */
  resign(signer: NoteSigner, key: VerifierKey, change: object): void {
    const opened = openNote(readFileSync(this.path(CHECKPOINT), 'utf8'), [key], verifyEd25519);
    const checkpoint = opened.ok ? parseCheckpoint(opened.text) : undefined;
    if (!checkpoint) throw new Error('The checkpoint cannot be read.');
    writeFileSync(this.path(CHECKPOINT), signNote(formatCheckpoint({ ...checkpoint, ...change }), [signer]));
  }

  /**
   * Writes everything anew, so that all of it fits together: records, segments, manifest, checkpoints.
   *
   * @param change of the records that there were.
   */
  rewrite(signer: NoteSigner, change: (record: ChainRecord, index: number) => Pick<ChainRecord, 'seq' | 'generation' | 'body'>): void {
    const frontier = Frontier.empty(sha256);
    const origin = originOf({ logId: LOG_ID, partition: 0 });
    let head = { seq: 0, generation: 0, hash: GENESIS_HASH };
    let manifest = MANIFEST_START;
    const facts: SegmentSealed[] = [];
    const old = this.manifest();
    const note = (): string =>
      signNote(formatCheckpoint({ origin, size: head.seq, root: frontier.root(), head, manifest, atMs: 1 }), [signer]);
    for (const name of this.segments()) {
      const lines = this.lines(name).map((line) => {
        const { seq, generation, body } = change(recordOf(line), frontier.size);
        const record = chainRecord(head.hash, { seq, generation, body: body ?? '' }, sha256);
        head = { seq, generation, hash: record.hash };
        frontier.append(record.leaf);
        return encodeRecord(record);
      });
      this.writeLines(name, lines);
      const fact = old[facts.length];
      if (!name.endsWith('.gz') || !fact) continue;
      const gz = readFileSync(this.path(name));
      facts.push({
        ...fact,
        lastPosition: positionOf(head),
        bytes: lines.reduce((bytes, line) => bytes + Buffer.byteLength(line) + 1, 0),
        ...{ gzBytes: gz.length, sha256: sha256(gz), head: head.hash, frontier: frontier.encode(), checkpoint: note() },
      });
      manifest = this.writeManifest(facts);
    }
    writeFileSync(this.path(CHECKPOINT), note());
  }
}

/** The record that a line holds. */
export function recordOf(line: string): ChainRecord {
  const record = decodeRecord(Buffer.from(line));
  if (!record) throw new Error(`This is no record: ${line}`);
  const { seq, generation, previous, hash, body } = record;
  return { seq, generation, previous, hash, leaf: leafOf(record, sha256), body: body && Buffer.from(body).toString('utf8') };
}

export const positionIn = (line: string): string => positionOf(recordOf(line));
