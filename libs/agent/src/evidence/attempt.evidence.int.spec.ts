import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Evidence, EvidenceSpec } from '@torch/contracts';
import type { WorkOutcome } from '../session/harness';
import { aWork } from '../testing/gateway.double';
import { until } from '../testing/poll';
import { leftOf } from '../testing/processes-left';
import { aContext, Said } from '../testing/work-context';
import { AttemptEvidence } from './attempt.evidence';

describe('the evidence of an attempt', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'torch-evidence-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const completed: WorkOutcome = { outcome: 'completed', exitCode: 0, durationMs: 1 };
  function git(...args: string[]): string {
    const identity = ['-c', 'user.name=dev', '-c', 'user.email=dev@torch.example', '-c', 'init.defaultBranch=main'];
    return execFileSync('git', ['-C', folder, ...identity, ...args], { encoding: 'utf8' }).trim();
  }
  const commit = (what: string): string => (git('commit', '--quiet', '--allow-empty', '-m', what), git('rev-parse', 'HEAD'));

  /** What is found when this has been done, and what was said meanwhile. */
  async function found(asked: EvidenceSpec, work: () => unknown = () => undefined, spec: { timeoutMs?: number; cwd?: string } = {}) {
    const said = new Said();
    const evidence = await AttemptEvidence.begin(aWork({ cwd: folder, evidence: asked, ...spec }), aContext(said));
    work();
    return { ...(await evidence.addTo(completed)), said } as WorkOutcome & { evidence?: Evidence; said: Said };
  }

  it('is not looked for unless it is asked for', async () => {
    expect((await found({})).evidence).toEqual({});
    const evidence = await AttemptEvidence.begin(aWork({ cwd: folder }), aContext(new Said()));
    expect(await evidence.addTo(completed)).toBe(completed);
  });

  it('is not looked for when the work has failed', async () => {
    const failed: WorkOutcome = { outcome: 'failed', class: 'retryable', reason: 'exit-code', message: 'No.' };
    const marker = join(folder, 'run');
    const evidence = await AttemptEvidence.begin(aWork({ cwd: folder, evidence: { command: `touch ${marker}` } }), aContext(new Said()));
    expect(await evidence.addTo(failed)).toBe(failed);
    expect(() => readFileSync(marker)).toThrow('ENOENT');
  });

  it('has the exit code', async () => {
    expect((await found({ exitCodeZero: true })).evidence).toEqual({ exitCode: 0 });
  });

  describe('that is a commit', () => {
    const asked = { commit: true };

    it('is the one that was made meanwhile', async () => {
      git('init', '--quiet');
      commit('before');
      let made = '';
      expect((await found(asked, () => (made = commit('meanwhile')))).evidence).toEqual({ commit: made });
    });

    it('may be the first of all, in a repository that was not there before', async () => {
      let made = '';
      const work = () => (git('init', '--quiet'), (made = commit('first')));
      expect((await found(asked, work)).evidence).toEqual({ commit: made });
    });

    it.each<[what: string, work: () => unknown]>([
      ['nothing was done', () => undefined],
      ['an older one was taken out', () => git('checkout', '--quiet', 'HEAD~1')],
      ['a branch was changed to that was there before', () => git('checkout', '--quiet', 'other')],
      ['the commit is lost again', () => (commit('lost'), git('reset', '--quiet', '--hard', 'HEAD~1'))],
      ['HEAD points to nothing', () => git('symbolic-ref', 'HEAD', 'refs/heads/none')],
      ['HEAD names a commit that does not exist', () => writeFileSync(join(folder, '.git/HEAD'), `${'1'.repeat(40)}\n`)],
    ])('is missing when %s', async (_what, work) => {
      git('init', '--quiet');
      commit('one');
      git('branch', 'other');
      commit('two');
      git('checkout', '--quiet', 'other');
      commit('three');
      git('checkout', '--quiet', 'main');
      expect((await found(asked, work)).evidence).toEqual({});
    });

    it('is missing when it was only fetched, and committed before the attempt', async () => {
      git('init', '--quiet');
      commit('before');
      git('clone', '--quiet', folder, join(folder, 'clone'));
      const elsewhere = { ...process.env, GIT_COMMITTER_DATE: '2026-01-02T03:04:05Z' };
      const author = ['-c', 'user.name=ops', '-c', 'user.email=ops@torch.example'];
      execFileSync('git', ['-C', join(folder, 'clone'), ...author, 'commit', '--quiet', '--allow-empty', '-m', 'old'], { env: elsewhere });
      const work = () => (git('fetch', '--quiet', 'clone', 'HEAD'), git('merge', '--quiet', '--ff-only', 'FETCH_HEAD'));
      expect((await found(asked, work)).evidence).toEqual({});
      expect(git('log', '-1', '--format=%s')).toBe('old');
    });

    it('is missing where there is no repository, and where there is no directory', async () => {
      expect((await found(asked)).evidence).toEqual({});
      expect((await found(asked, undefined, { cwd: join(folder, 'gone') })).evidence).toEqual({});
    });
  });

  it('has those artefacts that are files inside of the working directory', async () => {
    const inside = join(folder, 'inside');
    mkdirSync(join(inside, 'dist'), { recursive: true });
    writeFileSync(join(folder, 'secret'), '');
    const paths = ['dist/app.js', 'dist', '.', 'gone', '../secret', 'dist/../../secret', join(folder, 'secret'), 'out', 'link', 'loop'];
    const work = (): void => {
      writeFileSync(join(inside, 'dist/app.js'), '');
      symlinkSync('../secret', join(inside, 'out'));
      symlinkSync('dist/app.js', join(inside, 'link'));
      symlinkSync('loop', join(inside, 'loop'));
    };
    const { evidence } = await found({ artefacts: paths.map((path) => ({ path })) }, work, { cwd: inside });
    expect(evidence?.artefacts).toEqual([{ path: 'dist/app.js' }, { path: 'link' }]);
  });

  describe('that is a command', () => {
    it('has how it ended, run in the working directory with the environment of the work', async () => {
      const command = 'pwd; echo "$TORCH_TASK_ID"; exit 3';
      const { evidence, outcome, said } = await found({ command });
      expect(outcome).toBe('completed');
      expect(evidence).toEqual({ command: { command, exitCode: 3, outputTail: `${folder}\nrun-1.build\n` } });
      expect(said.output).toBe(`[torch] Evidence: ${command}\n${folder}\nrun-1.build\n`);
    });

    it('comes before the files are looked for', async () => {
      const { evidence } = await found({ command: 'touch made', artefacts: [{ path: 'made' }] });
      expect(evidence?.artefacts).toEqual([{ path: 'made' }]);
    });

    it('keeps the end of what it has said', async () => {
      const { evidence } = await found({ command: 'seq 1 10000' });
      expect(evidence?.command?.outputTail).toHaveLength(2000);
      expect(evidence?.command?.outputTail).toMatch(/\n10000\n$/);
    });

    it('fails the attempt when its time is over, and nothing of it is left', async () => {
      const outcome = await found({ command: 'sleep 331.5 & sleep 331.5' }, undefined, { timeoutMs: 300 });
      expect(outcome).toMatchObject({ outcome: 'failed', class: 'retryable', reason: 'timeout', exitCode: 0 });
      expect(leftOf('331.5')).toEqual([]);
    });

    it('is ended when the attempt is', async () => {
      const abort = new AbortController();
      const said = new Said();
      const work = aWork({ cwd: folder, evidence: { command: 'echo up; sleep 332.5' } });
      const evidence = await AttemptEvidence.begin(work, aContext(said, { signal: abort.signal }));
      const outcome = evidence.addTo(completed);
      await until('the command to run', () => said.output.endsWith('up\n'));
      abort.abort();
      expect(await outcome).toMatchObject({ outcome: 'aborted' });
      expect(leftOf('332.5')).toEqual([]);
    });

    it('fails the attempt where it cannot be started', async () => {
      expect(
        await found({ command: 'true' }, () => rmSync(join(folder, 'sub'), { recursive: true, force: true }), { cwd: join(folder, 'sub') }),
      ).toMatchObject({ outcome: 'failed', class: 'permanent', message: expect.stringContaining('does not exist') });
    });
  });
});
