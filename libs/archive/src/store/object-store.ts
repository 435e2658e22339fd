export interface PutObject {
  readonly key: string;
  readonly body: Buffer;
  /** SHA-256 of `body` as hex; kept with the object. */
  readonly sha256: string;
  /** Leave alone what is there under this key. Default false: replace it. */
  readonly ifAbsent?: boolean;
}

export interface StoredObject {
  readonly bytes: number;
  /** As it was put; undefined when the store does not tell without reading the object. */
  readonly sha256?: string;
}

/** Keeps objects under keys such as `p03/manifest.ndjson`. Every method rejects with the store's error when it cannot be reached. */
export interface ObjectStore {
  /** Such as `s3://bucket/prefix`: for people, and for the manifest. */
  readonly name: string;
  /** @returns `exists` when there is an object under the key and `ifAbsent` was asked for: nothing was changed. */
  put(object: PutObject): Promise<'stored' | 'exists'>;
  /** Undefined when there is none. */
  get(key: string): Promise<Buffer | undefined>;
  /** Undefined when there is none. */
  head(key: string): Promise<StoredObject | undefined>;
  /** Does nothing when there is none. What the store must keep for a time is refused. */
  remove(key: string): Promise<void>;
  /** All keys that begin with `prefix`, in ascending order. */
  list(prefix: string): Promise<readonly string[]>;
}

/** What `TORCH_ARCHIVE_S3_URL` says cannot be used. */
export class StoreUrlInvalid extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StoreUrlInvalid';
  }
}
