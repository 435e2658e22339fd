import {
  type Checks,
  commandsChecks,
  fenceChecks,
  gateChecks,
  leasesChecks,
  logChecks,
  logServerChecks,
  readingChecks,
  waiterChecks,
} from '@torch/log/contract';
import { startLogServer, type TestLogServer } from '@torch/testing';
import { openSubject } from '../testing/log-server-subject';
import type { LogUser } from './log-users';

let server: TestLogServer;
beforeAll(async () => void (server = await startLogServer({ kind: 'redis' })));
afterAll(async () => server.stop());

const only = (checks: Checks, part: string): Checks => Object.fromEntries(Object.entries(checks).filter(([name]) => name.includes(part)));

/** Checks speak for the scheduler; some for another owner too, or for the gate's keeper. Each gets the users that it speaks for. */
const CHECKS_AS: readonly { readonly users: readonly LogUser[]; readonly checks: Checks }[] = [
  { users: ['torch-scheduler'], checks: { ...logChecks, ...waiterChecks } },
  { users: ['torch-audit'], checks: only(logServerChecks, 'partition count') },
  { users: ['torch-scheduler', 'torch-registry'], checks: { ...fenceChecks, ...leasesChecks, ...commandsChecks } },
  { users: ['torch-scheduler', 'torch-registry', 'torch-audit'], checks: { ...readingChecks, ...gateChecks } },
];

describe.each(CHECKS_AS)('with no more than the rights of $users', ({ users, checks }) => {
  it.each(Object.entries(checks))('%s', async (_, check) => {
    const subject = await openSubject(server.url, { users });
    try {
      await check(subject);
    } finally {
      await subject.dispose();
    }
  });
});
