import { commandsChecks } from './contract/commands.contract';
import { fenceChecks } from './contract/fence.contract';
import { gateChecks } from './contract/gate.contract';
import { leasesChecks } from './contract/leases.contract';
import { logServerChecks } from './contract/log-server.contract';
import { logChecks } from './contract/log.contract';
import { readingChecks } from './contract/reading.contract';
import { signalsChecks } from './contract/signals.contract';
import type { Checks, LogServerSubject } from './contract/subject';
import { waiterChecks } from './contract/waiter.contract';

export { commandsChecks, fenceChecks, gateChecks, leasesChecks, logChecks, logServerChecks, readingChecks, signalsChecks, waiterChecks };
export type { Checks, ConnectOptions, LogServerSubject } from './contract/subject';
export { fenceOf, numbered, PARTITION, SERVICE, writer, type Writer } from './contract/writers';

const SUITES: Readonly<Record<string, Checks>> = {
  'the log': logChecks,
  'the fence': fenceChecks,
  'reading and trimming': readingChecks,
  'the gate': gateChecks,
  leases: leasesChecks,
  'command queues': commandsChecks,
  waiting: waiterChecks,
  signals: signalsChecks,
  'the log server': logServerChecks,
};

/**
 * Declares, in Jest, what every log server must hold.
 *
 * @param open gives a log server without data, for one test.
 */
export function describeLogServer(name: string, open: () => Promise<LogServerSubject>): void {
  describe(name, () => {
    for (const [suite, checks] of Object.entries(SUITES)) {
      describe(suite, () => {
        it.each(Object.entries(checks))('%s', async (_, check) => {
          const subject = await open();
          try {
            await check(subject);
          } finally {
            await subject.dispose();
          }
        });
      });
    }
  });
}
