import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { BackupRefused } from './backup.errors';
import { BACKUP_ID, BACKUP_MANIFEST } from './backup.manifest';
import type { BackupStore, BackupWriter, LocalBackup } from './backup.store';

/** Servers that are not AWS's own do not mind which. */
const REGION_DEFAULT = 'us-east-1';

type S3 = typeof import('@aws-sdk/client-s3');

interface Bucket {
  readonly s3: S3;
  readonly client: S3Client;
  readonly bucket: string;
  /** Ends with a slash, or is empty. */
  readonly prefix: string;
}

/**
 * Backups in a bucket. Credentials and region are found as every S3 client finds them.
 *
 * @param address `s3://bucket/prefix`, with `?endpoint=http://…` for a server that is not AWS's own.
 * @throws BackupRefused when the address is none.
 */
export async function openS3Store(address: string): Promise<BackupStore> {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== 's3:' || url.hostname === '') throw new BackupRefused(`"${address}" is not an address such as s3://bucket/prefix.`);
  const s3 = await import('@aws-sdk/client-s3'); // It takes a while to load.
  const endpoint = url.searchParams.get('endpoint') ?? undefined;
  const client = new s3.S3Client({
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    region: url.searchParams.get('region') ?? process.env.AWS_REGION ?? REGION_DEFAULT,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  const prefix = url.pathname.replace(/^\/+|\/+$/g, '');
  return new S3Store(`s3://${url.hostname}${prefix && `/${prefix}`}`, { s3, client, bucket: url.hostname, prefix: prefix && `${prefix}/` });
}

class S3Store implements BackupStore {
  constructor(
    readonly address: string,
    private readonly at: Bucket,
  ) {}

  async list(): Promise<readonly string[]> {
    const { prefix } = this.at;
    const ids = (await keysUnder(this.at, prefix)).flatMap((key) => {
      const [id = '', name] = key.slice(prefix.length).split('/');
      return BACKUP_ID.test(id) && name === BACKUP_MANIFEST ? [id] : [];
    });
    return ids.sort();
  }

  async readText(id: string, path: string): Promise<string | undefined> {
    const body = await get(this.at, `${id}/${path}`);
    return body && Buffer.concat(await body.toArray()).toString('utf8');
  }

  async begin(id: string): Promise<BackupWriter> {
    if ((await this.list()).includes(id)) throw new BackupRefused(`${this.address}/${id} is there already.`);
    return new S3Writer(this.at, id);
  }

  async fetch(id: string): Promise<LocalBackup> {
    const dir = await mkdtemp(join(tmpdir(), 'torch-backup-'));
    const release = (): Promise<void> => rm(dir, { recursive: true, force: true });
    try {
      const start = `${this.at.prefix}${id}/`;
      for (const key of await keysUnder(this.at, start)) {
        const path = key.slice(start.length);
        if (path.split('/').includes('..')) continue;
        await mkdir(dirname(join(dir, path)), { recursive: true, mode: 0o700 });
        const body = await get(this.at, `${id}/${path}`);
        if (body) await pipeline(body, createWriteStream(join(dir, path), { mode: 0o600 }));
      }
      return { dir, release };
    } catch (error) {
      await release();
      throw error;
    }
  }
}

class S3Writer implements BackupWriter {
  private readonly written = new Set<string>();

  constructor(
    private readonly at: Bucket,
    private readonly id: string,
  ) {}

  /** One request takes one object of a known size: a segment at a time is held in memory. */
  async put(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    const { s3, client, bucket: Bucket } = this.at;
    const chunks: Uint8Array[] = [];
    for await (const chunk of content) chunks.push(chunk);
    this.written.add(path);
    await client.send(new s3.PutObjectCommand({ Bucket, Key: this.keyOf(this.id, path), Body: Buffer.concat(chunks) }));
  }

  async reuse(earlier: string, path: string): Promise<boolean> {
    const { s3, client, bucket: Bucket } = this.at;
    const CopySource = `${Bucket}/${this.keyOf(earlier, path)}`;
    try {
      this.written.add(path);
      await client.send(new s3.CopyObjectCommand({ Bucket, CopySource, Key: this.keyOf(this.id, path) }));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async remove(path: string): Promise<void> {
    const { s3, client, bucket: Bucket } = this.at;
    await client.send(new s3.DeleteObjectCommand({ Bucket, Key: this.keyOf(this.id, path) }));
    this.written.delete(path);
  }

  /** The manifest came last, and makes it one. */
  async commit(): Promise<void> {
    this.written.clear();
  }

  async abandon(): Promise<void> {
    for (const path of this.written) await this.remove(path);
  }

  private keyOf(id: string, path: string): string {
    return `${this.at.prefix}${id}/${path}`;
  }
}

async function keysUnder({ s3, client, bucket: Bucket }: Bucket, Prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of s3.paginateListObjectsV2({ client }, { Bucket, Prefix }))
    keys.push(...(page.Contents ?? []).map(({ Key = '' }) => Key));
  return keys;
}

async function get({ s3, client, bucket: Bucket, prefix }: Bucket, path: string): Promise<Readable | undefined> {
  try {
    return (await client.send(new s3.GetObjectCommand({ Bucket, Key: `${prefix}${path}` }))).Body as Readable;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

const isMissing = (error: unknown): boolean => ['NoSuchKey', 'NotFound'].includes((error as Error).name);
