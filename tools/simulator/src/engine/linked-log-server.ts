import type { InMemoryLogServer, LogServer, Signals, Waiter, WaitFor } from '@torch/log';
import type { Link } from './link';

/**
 * The log server as a process sees it through its connection. Every call may be lost, late, or answered to nobody.
 *
 * @param client what is closed with the process; `server` is the same, watched.
 */
export function linkedLogServer(link: Link, server: LogServer, client: InMemoryLogServer): LogServer {
  link.process.whenKilled(() => void client.close());
  client.onReconnect(() => link.serverReturned());
  const archived = linked(link, 'archived', server.archived);
  return {
    log: linked(link, 'log', server.log),
    leases: linked(link, 'leases', server.leases),
    commands: linked(link, 'commands', server.commands),
    caches: linked(link, 'caches', server.caches),
    gate: linked(link, 'gate', server.gate),
    signals: linkedSignals(link, server.signals),
    archived: Object.assign(Object.create(archived) as typeof archived, {
      listen: (partition: number, receive: (state: never) => void) =>
        link.call('archived.listen', () =>
          server.archived.listen(partition, (state) => link.deliver('archived.told', () => receive(state as never))),
        ),
    }),
    partitions: (partitionsDefault) => link.call('partitions', () => server.partitions(partitionsDefault)),
    identity: (created) => link.call('identity', () => server.identity(created)),
    replicas: (replicasMin, waitMs) => link.call('replicas', () => server.replicas(replicasMin, waitMs)),
    timeMs: () => link.call('time', () => server.timeMs()),
    waiter: () => linkedWaiter(link, server.waiter()),
    ping: () =>
      link
        .call('ping', () => server.ping())
        .then(
          (answer) => answer,
          () => false,
        ),
    onReconnect: (listener) => link.onReconnect(listener),
    close: () => client.close(),
  };
}

/** Every function of the port becomes a request. */
function linked<Port extends object>(link: Link, name: string, port: Port): Port {
  return new Proxy(Object.create(null) as Port, {
    get: (_, key) => {
      const member: unknown = Reflect.get(port, key);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => link.call(`${name}.${String(key)}`, () => member.apply(port, args) as Promise<unknown>);
    },
  });
}

function linkedSignals(link: Link, signals: Signals): Signals {
  return {
    publish: (channel, body) => link.call('signals.publish', () => signals.publish(channel, body)),
    listen: (channel, receive) =>
      link.call('signals.listen', () => signals.listen(channel, (body) => link.deliver('signals.heard', () => receive(body)))),
  };
}

/** A connection of its own, and a hint only: it comes late at worst. */
function linkedWaiter(link: Link, waiter: Waiter): Waiter {
  return {
    wait: (what: WaitFor) =>
      new Promise((resolve, reject) => {
        waiter.wait(what).then(
          () => link.process.after(1, resolve),
          (error: unknown) => link.process.after(1, () => reject(error as Error)),
        );
      }),
    close: () => waiter.close(),
  };
}
