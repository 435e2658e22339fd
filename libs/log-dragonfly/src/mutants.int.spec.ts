import { InvariantViolation } from '@torch/kernel';
import { type Checks, commandsChecks, fenceChecks, leasesChecks, logChecks, readingChecks } from '@torch/log/contract';
import { startLogServer, type TestLogServer } from '@torch/testing';
import { SCRIPTS, type ScriptName } from './scripts';
import { openSubject, type SubjectOptions } from './testing/log-server-subject';

/** One line of one script, changed so that it no longer does what it is there for. */
interface Mutant {
  readonly what: string;
  readonly script: ScriptName;
  readonly line: string;
  readonly becomes: string;
  readonly checks: Checks;
  /** The check that must find it. */
  readonly foundBy: string;
}

const MUTANTS: readonly Mutant[] = [
  {
    what: 'without the fence',
    script: 'append',
    line: "redis.call('GET', KEYS[3]) ~= ARGV[1]",
    becomes: 'false',
    checks: fenceChecks,
    foundBy: 'a writer whose lease another one took over is fenced and appends nothing',
  },
  {
    what: 'with a fence that lets everybody in while nobody holds the lease',
    script: 'append',
    line: "redis.call('GET', KEYS[3]) ~= ARGV[1]",
    becomes: "(redis.call('GET', KEYS[3]) or ARGV[1]) ~= ARGV[1]",
    checks: fenceChecks,
    foundBy: 'a writer is fenced once its lease has run out, although nobody else has taken it',
  },
  {
    what: 'with a fence that forgets the epoch',
    script: 'append',
    line: "redis.call('GET', KEYS[3]) ~= ARGV[1]",
    becomes: "string.match(redis.call('GET', KEYS[3]) or '', '^(.*)|') ~= string.match(ARGV[1], '^(.*)|')",
    checks: fenceChecks,
    foundBy: 'a writer is fenced in an earlier epoch of its own',
  },
  {
    what: 'without the regression check',
    script: 'append',
    line: 'return head_seq < seen_seq or head_generation ~= seen_generation',
    becomes: 'return false',
    checks: fenceChecks,
    foundBy: 'an owner that has seen further than the log goes is told, and nothing is appended',
  },
  {
    what: 'with a regression check that forgets the generation',
    script: 'append',
    line: 'return head_seq < seen_seq or head_generation ~= seen_generation',
    becomes: 'return head_seq < seen_seq',
    checks: fenceChecks,
    foundBy: 'an owner that has seen a tail that another generation replaced is told, however long the log is',
  },
  {
    what: 'that leaves a hole between commits',
    script: 'append',
    line: 'add(head_seq + n, ARGV[5 + n])',
    becomes: 'add(head_seq + n + 1, ARGV[5 + n])',
    checks: logChecks,
    foundBy: 'the commits of one append get contiguous positions from 1, and are read back in order by another client',
  },
  {
    what: 'that stays in its generation',
    script: 'append',
    line: 'position(seq, generation)',
    becomes: 'position(seq, 0)',
    checks: logChecks,
    foundBy: 'the next generation goes on with the next seq, and readers follow it',
  },
  {
    what: 'that gives the lease to whoever asks',
    script: 'acquire',
    line: "held and string.match(held, '^(.*)|%d+$') ~= ARGV[1]",
    becomes: 'false',
    checks: leasesChecks,
    foundBy: 'of many that want a lease at once, exactly one gets it',
  },
  {
    what: 'that does not begin a new epoch',
    script: 'acquire',
    line: "redis.call('INCR', KEYS[2])",
    becomes: '1',
    checks: leasesChecks,
    foundBy: 'epochs grow with every change of hands, separately for each service and partition',
  },
  {
    what: 'that gives a lease without an end',
    script: 'acquire',
    line: ", 'PX', ARGV[2])",
    becomes: ')',
    checks: leasesChecks,
    foundBy: 'a lease that runs out is given to the next, in a later epoch',
  },
  {
    what: 'that renews the lease of another',
    script: 'renew',
    line: "redis.call('GET', KEYS[1]) ~= ARGV[1]",
    becomes: 'false',
    checks: leasesChecks,
    foundBy: 'who does not hold the lease can neither renew nor release it',
  },
  {
    what: 'that releases the lease of another',
    script: 'release',
    line: "redis.call('GET', KEYS[1]) ~= ARGV[1]",
    becomes: 'false',
    checks: leasesChecks,
    foundBy: 'a lease that is released is free at once, and released again changes nothing',
  },
  {
    what: 'with a queue that has no end',
    script: 'send',
    line: "redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[1])",
    becomes: 'false',
    checks: commandsChecks,
    foundBy: 'many senders at once do not fill a queue beyond its limit',
  },
  {
    what: 'that trims what is needed',
    script: 'trim',
    line: 'tonumber(ARGV[1]) > (guard or 0)',
    becomes: 'false',
    checks: readingChecks,
    foundBy: 'the log is trimmed up to what the last of its readers needs, and not further',
  },
];

let server: TestLogServer;
beforeAll(async () => void (server = await startLogServer()));
afterAll(async () => server.stop());

async function outcome({ checks, foundBy }: Mutant, scripts: SubjectOptions['scripts']): Promise<'holds' | 'found'> {
  const check = checks[foundBy];
  if (!check) throw new Error(`There is no check "${foundBy}".`);
  const subject = await openSubject(server.url, { scripts });
  // A lease that does not run out is waited for in vain; a shorter deadline is enough to see it.
  const impatient = { ...subject, eventually: eventuallyWithin(1000, subject.eventually) };
  try {
    return await check(impatient).then(
      () => 'holds',
      (error: unknown) => {
        if (error instanceof InvariantViolation) throw error; // The script is broken, not just without its check.
        return 'found';
      },
    );
  } finally {
    await subject.dispose();
  }
}

type Eventually = Awaited<ReturnType<typeof openSubject>>['eventually'];

function eventuallyWithin(ms: number, eventually: Eventually): Eventually {
  return async (condition, what) => {
    const deadlineAtMs = performance.now() + ms;
    let late = false;
    await eventually(async () => (late = performance.now() > deadlineAtMs) || (await condition()), what);
    if (late) throw new Error(`Not within ${ms} ms: ${what}.`);
  };
}

describe('a script', () => {
  it.each(MUTANTS)('$what is found by the contract', async (mutant) => {
    const { script, line, becomes } = mutant;
    const text = SCRIPTS[script];
    expect(text).toContain(line);
    expect(await outcome(mutant, {})).toBe('holds');
    expect(await outcome(mutant, { [script]: text.replace(line, becomes) })).toBe('found');
  });
});
