import { messagingCommands } from '@torch/contracts';
import { messagingDecider, type MessagingState, OPERATOR } from '@torch/domain-messaging';
import { createTorchClient, ServiceHost } from '@torch/host';
import type { Decider } from '@torch/kernel';
import { InMemoryLogServer } from '@torch/log';
import { waitUntil } from '@torch/testing';

const TEXT_CHARS = 16 * 1024;
const MESSAGES = 256;
/** A MiB, and what a part may add to it. */
const PAGE_CHARS_MAX = 1024 * 1024 + 1024;

describe('an owner of many open messages', () => {
  let server: InMemoryLogServer;
  beforeEach(async () => {
    server = new InMemoryLogServer();
    await server.partitions(1);
  });
  afterEach(() => server.close());

  async function own(): Promise<ServiceHost<MessagingState>> {
    const host = new ServiceHost<MessagingState>({
      server,
      definition: {
        service: 'gateway',
        decider: messagingDecider as unknown as Decider<MessagingState>,
        handleCommand: (command, turn) => turn.decide(command),
        queries: new Map(),
        reactions: new Map(),
        effects: new Map(),
      },
    });
    await host.start();
    await waitUntil(async () => (await host.readiness()).ready, { what: 'the gateway to be ready' });
    return host;
  }

  async function sendAll(): Promise<void> {
    const [send] = messagingCommands;
    const client = await createTorchClient(server);
    const admission = { project: 'default', actor: 'user:spec' } as const;
    const text = 'x'.repeat(TEXT_CHARS);
    await Promise.all(
      Array.from({ length: MESSAGES }, (_, n) => client.command(send, admission, { messageId: `m${n}`, to: OPERATOR, text })),
    );
    await client.close();
  }

  it('writes its snapshot in pages of a MiB, so that what is behind it may be trimmed', async () => {
    const pages: number[] = [];
    const set = server.caches.set.bind(server.caches);
    server.caches.set = (partition, name, value) => {
      pages.push(value.length);
      return set(partition, name, value);
    };
    const host = await own();
    await sendAll();
    await host.stop();
    expect(pages.length).toBeGreaterThan(4);
    expect(Math.max(...pages)).toBeLessThanOrEqual(PAGE_CHARS_MAX);
    expect([...(await server.log.trimGuards(0)).keys()]).toContain('snapshot:gateway');
  });
});
