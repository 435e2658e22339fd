import { archiveFull } from './archive-full.suite';
import { type Loss, LOSSES, logLoss } from './log-loss.suite';
import { serviceKills } from './service-kills.suite';
import type { Suite } from './suite';

const WHAT: Readonly<Record<Loss, string>> = {
  empty: 'the log server comes back empty',
  'old-snapshot': 'the log server comes back with an old snapshot',
  'lagging-replica': 'a replica takes over that had not got everything',
  'audit-killed': 'the log server comes back empty, audit is killed with it',
  'torn-archive': 'the log server comes back empty, audit is killed while it writes',
};

/** Every fault suite, in the order in which they run. */
export const SUITES: readonly Suite[] = [
  ...LOSSES.map((loss) => ({
    name: `log-loss.${loss}`,
    what: WHAT[loss],
    rounds: 50,
    run: (options: Parameters<Suite['run']>[0]) => logLoss({ ...options, losses: [loss], durability: 'archived' }),
  })),
  {
    name: 'log-loss.mixed',
    what: 'each of them in turn',
    rounds: 10,
    run: (options) => logLoss({ ...options, losses: LOSSES, durability: 'archived' }),
  },
  {
    name: 'log-loss.memory',
    what: 'the log server comes back empty; clients asked for memory only',
    rounds: 10,
    run: (options) => logLoss({ ...options, losses: ['empty'], durability: 'memory' }),
  },
  {
    name: 'archive-full',
    what: "the archive's disk fills up, and has room again (needs the right to mount)",
    rounds: 5,
    run: archiveFull,
  },
  {
    name: 'service-kills',
    what: 'each service is killed in turn',
    rounds: 15,
    run: serviceKills,
  },
];
