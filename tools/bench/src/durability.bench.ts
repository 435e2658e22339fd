import type { Durability } from '@torch/contracts';
import { randomUUID } from 'node:crypto';
import type { BenchContext } from './bench';
import { percentile, timeFigure } from './figure';
import { TorchCommand } from './torch-command';

const CLIENTS = 8;
const REQUESTS = 400;

/**
 * What an acknowledgement as `archived` costs over one as `memory`: messages posted by clients that each wait for the answer,
 * over HTTP, on one whole Torch, in turns.
 */
export async function durability({ rounds, progress }: BenchContext) {
  const torch = await TorchCommand.create();
  const added = { p50: [] as number[], p99: [] as number[] };
  try {
    await torch.up();
    const { url, token } = await torch.address();
    for (let round = 0; round <= rounds; round++) {
      const memory = await latencies(url, token, 'memory');
      const archived = await latencies(url, token, 'archived');
      const [m50, m99, a50, a99] = [percentile(memory, 50), percentile(memory, 99), percentile(archived, 50), percentile(archived, 99)];
      const name = round === 0 ? 'warm-up' : `round ${round}`;
      progress(
        `durability ${name}: memory ${m50.toFixed(1)}/${m99.toFixed(1)} ms, archived ${a50.toFixed(1)}/${a99.toFixed(1)} ms (p50/p99)`,
      );
      if (round === 0) continue;
      added.p50.push(a50 - m50);
      added.p99.push(a99 - m99);
    }
  } finally {
    await torch.down();
    await torch.remove();
  }
  return [
    timeFigure({ name: 'durability.archived-added.p50', values: added.p50 }),
    timeFigure({ name: 'durability.archived-added.p99', values: added.p99 }),
  ];
}

/** ms of each request. */
async function latencies(url: string, token: string, asked: Durability): Promise<number[]> {
  const values: number[] = [];
  let left = REQUESTS;
  const client = async (): Promise<void> => {
    while (left-- > 0) values.push(await post(url, token, asked));
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return values;
}

async function post(url: string, token: string, asked: Durability): Promise<number> {
  const startedAt = performance.now();
  const messageId = `m-${randomUUID()}`;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'torch-durability': asked };
  const call = async (path: string, body: object): Promise<void> => {
    const answer = await fetch(`${url}/v1/projects/default/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    if (answer.headers.get('torch-durability') !== asked) throw new Error(`${path} was not acknowledged as ${asked}.`);
  };
  await call('messages', { messageId, to: 'operator', text: 'x'.repeat(300) });
  const ms = performance.now() - startedAt;
  await call(`inboxes/operator/${messageId}/ack`, {}); // Else the inbox fills up.
  return ms;
}
