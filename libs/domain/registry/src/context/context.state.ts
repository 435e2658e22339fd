import { textBytes } from '@torch/kernel';
import type { ContextLimits } from './context.limits';

/** One version of a document. One that has neither text nor ref, and is no tombstone, is too old for its text to be at hand. */
export interface ContextVersion {
  readonly version: number;
  readonly text?: string;
  readonly ref?: string;
  /** A tombstone. */
  readonly removed: boolean;
  readonly by: string;
  readonly atMs: number;
}

export interface EncodedContext {
  /** By key; versions oldest first. */
  readonly documents: readonly (readonly [key: string, versions: readonly ContextVersion[]])[];
  /** Earlier versions whose text is at hand, in the order in which they were replaced. */
  readonly earlier: readonly (readonly [key: string, version: number])[];
  /** In the order in which they were removed. */
  readonly tombstones: readonly string[];
  readonly floor: number;
}

/** The documents that a project's agents share: the newest version of each, and some before it. */
export class SharedContext {
  private readonly documents = new Map<string, ContextVersion[]>();
  /** Bytes by place; the one that was replaced first comes first. */
  private readonly earlier = new Map<string, { readonly key: string; readonly version: number; readonly bytes: number }>();
  private earlierBytes = 0;
  private readonly tombstones = new Set<string>();
  /** No version of a forgotten document is above it, so that none is given out twice. */
  private floor = 0;
  private newestBytes = 0;

  constructor(readonly limits: ContextLimits) {}

  newest(key: string): ContextVersion | undefined {
    return this.documents.get(key)?.at(-1);
  }

  version(key: string, version: number): ContextVersion | undefined {
    return this.documents.get(key)?.find((known) => known.version === version);
  }

  /** Oldest first; empty for a document that never was, or is forgotten. */
  versions(key: string): readonly ContextVersion[] {
    return this.documents.get(key) ?? [];
  }

  /** Sorted. */
  keys(): readonly string[] {
    return [...this.documents.keys()].sort();
  }

  /** What the next version of the document has to be. */
  nextVersion(key: string): number {
    return (this.newest(key)?.version ?? this.floor) + 1;
  }

  /** A document more would not leave room for itself, even if the oldest tombstone went. */
  get isFull(): boolean {
    return this.documents.size >= this.limits.documentsMax && this.tombstones.size === 0;
  }

  /** Of all newest texts together if that of `key` were replaced by `text`. */
  bytesWith(key: string, text = ''): number {
    return this.newestBytes - textBytes(this.newest(key)?.text ?? '') + textBytes(text);
  }

  add(key: string, version: ContextVersion): void {
    if (!this.documents.has(key)) this.makeRoom();
    const versions = this.documents.get(key) ?? [];
    this.documents.set(key, versions);
    const before = versions.at(-1);
    if (before) this.replaced(key, before);
    versions.push(version);
    this.newestBytes += textBytes(version.text ?? '');
    this.tombstones.delete(key);
    if (version.removed) this.tombstones.add(key);
    while (versions.length > this.limits.versionsKept) this.forgetText(key, versions.shift() as ContextVersion);
    this.letGoOfEarlierTexts();
  }

  private makeRoom(): void {
    if (this.documents.size < this.limits.documentsMax) return;
    for (const oldest of this.tombstones) {
      for (const version of this.versions(oldest)) this.forgetText(oldest, version);
      this.floor = Math.max(this.floor, this.newest(oldest)?.version ?? 0);
      this.documents.delete(oldest);
      this.tombstones.delete(oldest);
      return;
    }
  }

  private replaced(key: string, { version, text }: ContextVersion): void {
    if (text === undefined) return;
    const bytes = textBytes(text);
    this.newestBytes -= bytes;
    this.earlier.set(place(key, version), { key, version, bytes });
    this.earlierBytes += bytes;
  }

  private forgetText(key: string, { version }: ContextVersion): void {
    const known = this.earlier.get(place(key, version));
    if (!known) return;
    this.earlier.delete(place(key, version));
    this.earlierBytes -= known.bytes;
  }

  private letGoOfEarlierTexts(): void {
    for (const { key, version } of this.earlier.values()) {
      if (this.earlierBytes <= this.limits.earlierBytesMax) return;
      const versions = this.documents.get(key) ?? [];
      const at = versions.findIndex((known) => known.version === version);
      const { text: _text, ...rest } = versions[at] as ContextVersion;
      versions[at] = rest;
      this.forgetText(key, rest);
    }
  }

  encode(): EncodedContext {
    return {
      documents: this.keys().map((key) => [key, this.versions(key).map((version) => ({ ...version }))] as const),
      earlier: [...this.earlier.values()].map(({ key, version }) => [key, version] as const),
      tombstones: [...this.tombstones],
      floor: this.floor,
    };
  }

  static decode(encoded: unknown, limits: ContextLimits): SharedContext {
    const { documents, earlier, tombstones, floor } = encoded as EncodedContext;
    const context = new SharedContext(limits);
    for (const [key, versions] of documents) {
      context.documents.set(key, [...versions]);
      context.newestBytes += textBytes(versions.at(-1)?.text ?? '');
    }
    for (const [key, version] of earlier) {
      const bytes = textBytes(context.version(key, version)?.text ?? '');
      context.earlier.set(place(key, version), { key, version, bytes });
      context.earlierBytes += bytes;
    }
    for (const key of tombstones) context.tombstones.add(key);
    context.floor = floor;
    return context;
  }
}

const place = (key: string, version: number): string => `${key} ${version}`;
