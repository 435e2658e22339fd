import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';
import { Keys } from '@torch/log-dragonfly';
import { Redis } from 'ioredis';
import type { BenchContext } from './bench';
import { percentile, timeFigure } from './figure';
import { TorchCommand } from './torch-command';

const MESSAGES_A_SECOND = 500;
const SECONDS = 4;
const MESSAGES = MESSAGES_A_SECOND * SECONDS;
const WARM_UP = MESSAGES_A_SECOND;
const ACK_EVERY_MS = 50;
const ACKS_A_REQUEST = 500;
const AGENT = 'bench-ear';
const TEXT = 'x'.repeat(300);
/** A queue that the gateway may write and read, of a partition that is not there. */
const PEER_STREAM = new Keys().service(99_999, 'gateway').commands;

interface Lane {
  send(index: number): Promise<void>;
  /** Told the index of each message as it arrives. */
  onArrival(arrived: (index: number) => void): void;
}

/**
 * Time from the start of a `POST` to the message's arrival at an agent over SSE, through gateway, queue, owner and log.
 * The peer is the bare minimum on the same server at the same rate: one `XADD`, one blocked `XREAD`.
 */
export async function messageLatency({ rounds, progress }: BenchContext) {
  const torch = await TorchCommand.create();
  const values = { p50: [] as number[], p99: [] as number[], peer50: [] as number[], peer99: [] as number[] };
  try {
    await torch.up();
    const { url, logUrl, token } = await torch.address();
    const connected = await connectAgent(url, token);
    const redis = [new Redis(logUrl, { protocol: 2 }), new Redis(logUrl, { protocol: 2 })] as const;
    const plain = plainLane(redis);
    for (let round = 0; round <= rounds; round++) {
      const mine = await measure(connected.lane);
      const theirs = await measure(plain.lane);
      progress(
        `message.latency ${round === 0 ? 'warm-up' : `round ${round}`}: p50 ${percentile(mine, 50).toFixed(2)} ms, p99 ${percentile(mine, 99).toFixed(2)} ms`,
      );
      if (round === 0) continue; // Warm-up, for both.
      values.p50.push(percentile(mine, 50));
      values.p99.push(percentile(mine, 99));
      values.peer50.push(percentile(theirs, 50));
      values.peer99.push(percentile(theirs, 99));
    }
    plain.stop();
    connected.close();
    redis.forEach((connection) => connection.disconnect());
  } finally {
    await torch.down();
    await torch.remove();
  }
  const peer = 'XADD → XREAD BLOCK';
  return [
    timeFigure({ name: 'message.latency.p50', values: values.p50, atMostMs: 5, peer: { name: peer, values: values.peer50 } }),
    timeFigure({ name: 'message.latency.p99', values: values.p99, peer: { name: peer, values: values.peer99 } }),
  ];
}

/** ms of each message, in order of arrival. */
async function measure(lane: Lane): Promise<number[]> {
  const sentAt = new Map<number, number>();
  const latencies: number[] = [];
  const allArrived = new Promise<void>((done) =>
    lane.onArrival((index) => {
      const at = sentAt.get(index);
      if (at === undefined) return;
      sentAt.delete(index);
      if (index >= WARM_UP) latencies.push(performance.now() - at);
      if (sentAt.size === 0 && latencies.length === MESSAGES) done();
    }),
  );
  const sending: Promise<void>[] = [];
  const startedAt = performance.now();
  for (let index = 0; index < WARM_UP + MESSAGES; index++) {
    const dueAt = startedAt + (index * 1000) / MESSAGES_A_SECOND;
    if (dueAt > performance.now()) await pause(dueAt - performance.now());
    sentAt.set(index, performance.now());
    sending.push(lane.send(index));
  }
  await Promise.all(sending);
  await Promise.race([allArrived, pause(10_000).then(() => Promise.reject(new Error(`${sentAt.size} messages did not arrive.`)))]);
  return latencies;
}

async function connectAgent(url: string, token: string): Promise<{ readonly lane: Lane; close(): void }> {
  const keepAlive = new Agent({ keepAlive: true, maxSockets: 64 });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const call = (method: string, path: string, body?: object): Promise<void> =>
    new Promise((done, failed) => {
      const sent = request(`${url}/v1/projects/default${path}`, { method, headers, agent: keepAlive }, (answer) => {
        answer
          .resume()
          .on('end', () =>
            answer.statusCode && answer.statusCode < 300 ? done() : failed(new Error(`${method} ${path}: ${answer.statusCode}`)),
          );
      });
      sent.on('error', failed).end(body && JSON.stringify(body));
    });
  await call('PUT', `/agents/${AGENT}`, { role: 'listener', skills: [], harness: 'bench', instance: 'i' });
  let arrived: (index: number) => void = () => undefined;
  const toAck: string[] = [];
  // As agents that hear much do: in groups. A lost one is no figure.
  const acking = setInterval(() => {
    const messageIds = toAck.splice(0, ACKS_A_REQUEST);
    if (messageIds.length > 0) void call('POST', `/inboxes/${AGENT}/acks`, { messageIds }).catch(() => undefined);
  }, ACK_EVERY_MS);
  const parser = createParser({
    onEvent: ({ event, data }) => {
      if (event !== 'message') return;
      const { messageId, text } = JSON.parse(data) as { messageId: string; text: string };
      arrived(Number(text.split(' ', 1)[0]));
      toAck.push(messageId);
    },
  });
  const stream = await new Promise<{ destroy(): void }>((open, failed) => {
    const opened = request(
      `${url}/v1/projects/default/agents/${AGENT}/stream?instance=i`,
      { headers: { ...headers, accept: 'text/event-stream' } },
      (answer) => {
        if (answer.statusCode !== 200) return failed(new Error(`The agent's stream: ${answer.statusCode}`));
        answer
          .setEncoding('utf8')
          .on('data', (chunk: string) => parser.feed(chunk))
          .on('error', () => undefined); // Closed by `close`.
        open(answer);
      },
    );
    opened.on('error', failed).end();
  });
  return {
    lane: {
      send: (index) => call('POST', '/messages', { to: AGENT, text: `${index} ${TEXT}` }),
      onArrival: (told) => {
        arrived = told;
      },
    },
    close: () => {
      clearInterval(acking);
      stream.destroy();
      keepAlive.destroy();
    },
  };
}

function plainLane([sender, receiver]: readonly [Redis, Redis]): { readonly lane: Lane; stop(): void } {
  let arrived: (index: number) => void = () => undefined;
  let stopped = false;
  const follow = async (): Promise<void> => {
    for (let after = '0-0'; !stopped;) {
      const found = await receiver.xread('COUNT', 100, 'BLOCK', 500, 'STREAMS', PEER_STREAM, after);
      for (const [id, fields] of found?.[0]?.[1] ?? []) {
        arrived(Number((fields[1] as string).split(' ', 1)[0]));
        after = id;
      }
    }
  };
  void follow().catch((error: unknown) => {
    if (!stopped) throw error;
  });
  return {
    lane: {
      send: async (index) => void (await sender.xadd(PEER_STREAM, 'MAXLEN', '~', 10_000, '*', 'text', `${index} ${TEXT}`)),
      onArrival: (told) => {
        arrived = told;
      },
    },
    stop: () => {
      stopped = true;
    },
  };
}
