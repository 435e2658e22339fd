import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, waitUntil } from '@torch/testing';

export interface TestS3Server {
  /** For a bucket of its own under that prefix. */
  url(prefix: string): string;
  stop(): Promise<void>;
}

const BUCKET = 'torch';
/** The one account that the server knows. */
const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' };

/** An S3-compatible server in a process of its own, over HTTP. */
export async function startS3Server(): Promise<TestS3Server> {
  Object.assign(process.env, CREDENTIALS);
  const dir = mkdtempSync(join(tmpdir(), 'torch-s3-'));
  const port = await freePort();
  const program = join(require.resolve('s3rver/package.json'), '..', 'bin', 's3rver.js');
  const child = spawn(process.execPath, [program, '-d', dir, '-a', '127.0.0.1', '-p', String(port), '-s', '--configure-bucket', BUCKET], {
    stdio: 'ignore',
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await waitUntil(() => answers(port, child), { what: 'the S3 server', everyMs: 50 });
  return {
    url: (prefix) => `s3://${BUCKET}/${prefix}?endpoint=http://127.0.0.1:${port}`,
    stop: async () => {
      child.kill();
      await ended;
      rmSync(dir, { recursive: true });
    },
  };
}

function answers(port: number, child: ChildProcess): Promise<boolean> {
  if (child.exitCode !== null) throw new Error(`The S3 server ended with ${child.exitCode}.`);
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => (socket.destroy(), resolve(true)));
    socket.once('error', () => resolve(false));
  });
}
