import { createHash } from 'node:crypto';
import type { PutObjectCommandInput, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { sha256 } from '../hashing';
import type { ObjectStore, PutObject, StoredObject } from './object-store';
import type { S3Place } from './store-url';

type Sdk = typeof import('@aws-sdk/client-s3');

const PROBE = 'torch-conditional-write-probe';
const PROBE_BODY = Buffer.from('Tells whether this store refuses to write over an object when it is asked to.\n');
const DAY_MS = 24 * 3_600_000;

/**
 * Objects in a bucket of S3 or of a server that speaks its protocol. The SDK is loaded when this is made; credentials come
 * from where AWS's tools take them (environment, profile, instance).
 */
export class S3ObjectStore implements ObjectStore {
  readonly name: string;
  private conditional: Promise<boolean> | undefined;

  private constructor(
    private readonly sdk: Sdk,
    private readonly client: S3Client,
    private readonly place: S3Place,
    private readonly onWarning: (name: string, message: string) => void,
  ) {
    this.name = ['s3:/', place.bucket, place.prefix].filter(Boolean).join('/');
  }

  /** @param onWarning is told what the server does not offer. */
  static async open(place: S3Place, onWarning: (name: string, message: string) => void): Promise<S3ObjectStore> {
    const sdk = await import('@aws-sdk/client-s3');
    const client = new sdk.S3Client({
      region: place.region,
      endpoint: place.endpoint,
      forcePathStyle: place.forcePathStyle,
      // Checksums of the SDK's own kind are more than many servers understand; Content-MD5 is sent instead.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
    return new S3ObjectStore(sdk, client, place, onWarning);
  }

  async put(object: PutObject): Promise<'stored' | 'exists'> {
    if (!object.ifAbsent) return this.send(object, false);
    if (await this.isConditional()) return this.send(object, true);
    return (await this.head(object.key)) ? 'exists' : this.send(object, false);
  }

  async get(key: string): Promise<Buffer | undefined> {
    const { bucket } = this.place;
    try {
      const { Body } = await this.client.send(new this.sdk.GetObjectCommand({ Bucket: bucket, Key: this.keyOf(key) }));
      return Body && Buffer.from(await Body.transformToByteArray());
    } catch (error) {
      return missing(error);
    }
  }

  async head(key: string): Promise<StoredObject | undefined> {
    const { bucket } = this.place;
    try {
      const found = await this.client.send(new this.sdk.HeadObjectCommand({ Bucket: bucket, Key: this.keyOf(key) }));
      return { bytes: found.ContentLength ?? 0, sha256: found.Metadata?.sha256 };
    } catch (error) {
      return missing(error);
    }
  }

  async remove(key: string): Promise<void> {
    await this.client.send(new this.sdk.DeleteObjectCommand({ Bucket: this.place.bucket, Key: this.keyOf(key) }));
  }

  async list(prefix: string): Promise<readonly string[]> {
    const keys: string[] = [];
    for (let token: string | undefined, more = true; more;) {
      const page = await this.client.send(
        new this.sdk.ListObjectsV2Command({ Bucket: this.place.bucket, Prefix: this.keyOf(prefix), ContinuationToken: token }),
      );
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) keys.push(Key.slice(this.keyOf('').length));
      token = page.NextContinuationToken;
      more = page.IsTruncated === true && token !== undefined;
    }
    return keys.filter((key) => key !== PROBE).sort();
  }

  close(): void {
    this.client.destroy();
  }

  private keyOf(key: string): string {
    return this.place.prefix === '' ? key : `${this.place.prefix}/${key}`;
  }

  private async send({ key, body, sha256: hash, ifAbsent }: PutObject, isConditional: boolean): Promise<'stored' | 'exists'> {
    const input: PutObjectCommandInput = {
      Bucket: this.place.bucket,
      Key: this.keyOf(key),
      Body: body,
      ContentLength: body.length,
      ContentMD5: createHash('md5').update(body).digest('base64'),
      Metadata: { sha256: hash },
      ...(isConditional && { IfNoneMatch: '*' }),
      ...(ifAbsent && this.retention()),
    };
    try {
      await this.client.send(new this.sdk.PutObjectCommand(input));
      return 'stored';
    } catch (error) {
      if (isConditional && statusOf(error) === 412) return 'exists';
      throw error;
    }
  }

  /** What is put once and never replaced is locked, where that is configured. */
  private retention(): Partial<PutObjectCommandInput> {
    const { lock } = this.place;
    return lock ? { ObjectLockMode: lock.mode, ObjectLockRetainUntilDate: new Date(Date.now() + lock.days * DAY_MS) } : {};
  }

  /** Some servers pass over the condition in silence: whether this one honours it is tried out, once. */
  private isConditional(): Promise<boolean> {
    this.conditional ??= this.probe().catch((error: unknown) => {
      this.conditional = undefined;
      throw error;
    });
    return this.conditional;
  }

  private async probe(): Promise<boolean> {
    const object = { key: PROBE, body: PROBE_BODY, sha256: sha256(PROBE_BODY) };
    let isHonoured = false;
    try {
      await this.send(object, true);
      isHonoured = (await this.send(object, true)) === 'exists';
    } catch (error) {
      if (statusOf(error) !== 501 && statusOf(error) !== 400) throw error;
    }
    if (!isHonoured)
      this.onWarning(
        'ConditionalWritesMissing',
        `${this.name} does not honour "If-None-Match: *". Torch looks before it writes; two machines that upload the same segment at the same moment are not kept apart.`,
      );
    return isHonoured;
  }
}

const statusOf = (error: unknown): number | undefined => (error as Partial<S3ServiceException>).$metadata?.httpStatusCode;

function missing(error: unknown): undefined {
  if (statusOf(error) !== 404 || (error as Error).name === 'NoSuchBucket') throw error;
}
