import { execFile } from 'node:child_process';

const GIT_MS_MAX = 15_000;
const GIT_OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** What a repository had before the attempt; `heads` is empty where there was none. */
export interface CommitsBefore {
  readonly atMs: number;
  readonly head?: string;
  /** Everything that branches, tags and HEAD pointed to. */
  readonly heads: readonly string[];
}

export interface Repository {
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
}

export async function commitsBefore(repository: Repository): Promise<CommitsBefore> {
  const atMs = Date.now();
  const [head, refs] = await Promise.all([headOf(repository), git(repository, ['for-each-ref', '--format=%(objectname)'])]);
  const heads = new Set(refs?.split('\n').filter((line) => line !== ''));
  if (head !== undefined) heads.add(head);
  return { atMs, ...(head !== undefined && { head }), heads: [...heads] };
}

/**
 * HEAD, when it is a commit that nothing led to before the attempt, and that was not committed before it: neither going back to an
 * older one makes one, nor fetching one. Who has made it, a repository does not say.
 */
export async function commitMadeSince(before: CommitsBefore, repository: Repository): Promise<string | undefined> {
  const head = await headOf(repository);
  if (head === undefined || head === before.head) return undefined;
  const revisions = [head, ...before.heads.map((known) => `^${known}`)].join('\n');
  const notBefore = `--max-age=${Math.floor(before.atMs / 1000)}`; // By the committer's date, in whole seconds.
  const fresh = await git(repository, ['rev-list', '--ignore-missing', '--max-count=1', notBefore, '--stdin'], `${revisions}\n`);
  return fresh?.trim() === head ? head : undefined;
}

/** Names a commit that is there: a HEAD that points to nothing, or to what is lost, is none. */
const headOf = async (repository: Repository): Promise<string | undefined> =>
  (await git(repository, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']))?.trim();

/** What git says; undefined when it says no, or is not there. */
function git({ directory, env }: Repository, args: readonly string[], input = ''): Promise<string | undefined> {
  return new Promise((done) => {
    const child = execFile(
      'git',
      ['-C', directory, ...args],
      { env: { ...env, GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0' }, timeout: GIT_MS_MAX, maxBuffer: GIT_OUTPUT_BYTES_MAX },
      (error, stdout) => done(error ? undefined : stdout),
    );
    child.stdin?.on('error', () => undefined); // It ended before it had read everything; its exit code says how.
    child.stdin?.end(input);
  });
}
