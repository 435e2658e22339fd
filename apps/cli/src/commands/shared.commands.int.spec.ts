import { problem } from '../doubles/http.double';
import { linesOf, runCanned } from '../doubles/canned-cli.fixture';

const document = { key: 'goals', version: 5, text: 'Ship it.', removed: false, by: 'agent:b', atMs: 0 };

describe('torch context', () => {
  it('prints a document and nothing else, and says beside it which version that is', async () => {
    const answers = { 'GET /context/goals': document };
    expect(await runCanned(['context', 'get', 'goals'], answers)).toMatchObject({
      stdout: 'Ship it.\n',
      stderr: 'Version 5, written by agent:b.\n',
      exitCode: 0,
    });
    const { asked, stdout } = await runCanned(['context', 'get', 'goals', '--at', '5', '--json'], answers);
    expect([asked[0]?.query, JSON.parse(stdout)]).toEqual([{ version: '5' }, document]);
  });

  it('does not take a tombstone for a document', async () => {
    const answers = { 'GET /context/goals': { key: 'goals', version: 6, removed: true, by: 'user:ann', atMs: 0 } };
    expect(await runCanned(['context', 'get', 'goals'], answers)).toMatchObject({
      exitCode: 1,
      stderr: 'torch: Document "goals" was removed by user:ann, which is its version 6.\n',
    });
  });

  it('lists documents, and the versions of one', async () => {
    const versions = [
      { ...document, text: undefined },
      { key: 'goals', version: 4, removed: true, by: 'user:ann', atMs: 0 },
    ];
    const list = await runCanned(['context', 'list', '--removed'], { 'GET /context': { documents: versions } });
    expect(list.asked[0]?.query).toEqual({ removed: 'true' });
    expect(linesOf(list.stdout)[1]).toMatch(/^goals +5 +\S+ \S+ +agent:b$/);
    const history = await runCanned(['context', 'history', 'goals'], { 'GET /context/goals/history': { versions } });
    expect(linesOf(history.stdout)[2]).toMatch(/^ +4 +\S+ \S+ +user:ann +removed$/);
  });

  it.each([
    [['goals.md'], { version: 0, text: '# Goals\n' }],
    [['goals.md', '--base', '4'], { version: 4, text: '# Goals\n' }],
    [['--text', ''], { version: 0, text: '' }],
    [['--ref', 'git:goals.md'], { version: 0, ref: 'git:goals.md' }],
  ])('writes what is given: %j', async (args, body) => {
    const written = { key: 'goals', version: 5, position: '7-0' };
    const { asked, stdout } = await runCanned(
      ['context', 'set', 'goals', ...args],
      { 'PUT /context/goals': written },
      { files: { 'goals.md': '# Goals\n' } },
    );
    expect([asked[0]?.body, stdout]).toEqual([body, 'Document goals has version 5 now.\n']);
  });

  it('takes one source, and a file that is there', async () => {
    const wrong = async (...args: string[]) => (await runCanned(['context', 'set', 'goals', ...args])).stderr;
    expect(await wrong()).toContain('Give one of: a file, --text, --ref.');
    expect(await wrong('a.md', '--ref', 'x')).toContain('Give one of: a file, --text, --ref.');
    expect(await wrong('a.md')).toContain('a.md: There is no such file.');
  });

  describe('when somebody was faster', () => {
    const comparison = { base: 4, newest: 5, clean: true, merged: 'Ship it.\nToday.\n', clashes: [] };
    const refusal = (more: object) => problem(409, 'context-conflict', 'Document "goals" is at version 5.', { newest: document, ...more });
    const set = (more: object, ...args: string[]) =>
      runCanned(['context', 'set', 'goals', '--text', 'x', '--base', '4', ...args], { 'PUT /context/goals': refusal(more) });

    it('shows both changes together, and fails', async () => {
      const { exitCode, stdout, stderr } = await set({ comparison });
      expect([exitCode, stderr]).toEqual([1, 'torch: Document "goals" is at version 5.\n']);
      expect(stdout).toBe(
        'Written on version 4; version 5 is there, by agent:b. Nothing was changed.\n' +
          'Both changes go together. As follows, it can be set with --base 5:\n\nShip it.\nToday.\n',
      );
    });

    it('says where they clash', async () => {
      const clashes = [{ base: 'a', theirs: 'b', yours: 'c' }];
      const { stdout } = await set({ comparison: { ...comparison, clean: false, merged: '<<<<<<< theirs\n…', clashes } });
      expect(linesOf(stdout)[1]).toBe(
        'Both have changed the same lines, in one place. Settle what is between the markers, and set it with --base 5:',
      );
    });

    it('gives the whole report with --json', async () => {
      const { exitCode, stdout } = await set({ comparison }, '--json');
      expect([exitCode, JSON.parse(stdout)]).toEqual([
        1,
        { error: { code: 'context-conflict', message: 'Document "goals" is at version 5.' }, newest: document, comparison },
      ]);
    });

    it('removes nothing either', async () => {
      const { exitCode, stdout, asked } = await runCanned(['context', 'remove', 'goals', '--base', '4'], {
        'DELETE /context/goals': refusal({}),
      });
      expect([exitCode, stdout]).toEqual([1, 'Written on version 4; version 5 is there, by agent:b. Nothing was changed.\n']);
      expect(asked[0]?.body).toEqual({ version: 4 });
    });
  });
});

describe('torch claim', () => {
  it('lists who holds what', async () => {
    const claims = [{ agentId: 'b-1', taskId: 't-1', path: 'repo:src/**', mode: 'exclusive' }];
    const { stdout, asked } = await runCanned(['claim', 'list', '--path', 'repo:src/a.ts'], { 'GET /claims': { claims } });
    expect(asked[0]?.query).toEqual({ path: 'repo:src/a.ts', limit: '100' });
    expect(linesOf(stdout)[1]).toMatch(/^repo:src\/\*\* +exclusive +b-1 +t-1$/);
  });

  it('takes all paths at once, for the agent that this is unless another is named', async () => {
    const granted = { claimId: 'c-1', granted: true, position: '7-0' };
    const { stdout, asked } = await runCanned(
      ['claim', 'take', 'repo:a', 'repo:b', '--shared', '--lease', '1m'],
      { 'POST /claims': granted },
      { env: { TORCH_AGENT_ID: 'b-1' } },
    );
    const paths = [
      { path: 'repo:a', mode: 'shared' },
      { path: 'repo:b', mode: 'shared' },
    ];
    expect([asked[0]?.body, stdout]).toEqual([{ paths, agentId: 'b-1', leaseMs: 60_000 }, 'Claim c-1 is granted: repo:a, repo:b.\n']);
  });

  it('fails with the name of the holder', async () => {
    const held = problem(409, 'claim-held', 'repo:a is held by agent b-2, for task t-9.', { heldBy: { agentId: 'b-2' } });
    const { exitCode, stderr, stdout } = await runCanned(['claim', 'take', 'repo:a', '--json'], { 'POST /claims': held });
    expect([exitCode, stderr]).toEqual([1, 'torch: repo:a is held by agent b-2, for task t-9.\n']);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'claim-held' } });
  });
});

describe('torch conflict', () => {
  const conflict = {
    conflictId: 'k-1',
    kind: 'results',
    about: 't-1',
    parties: [
      { actor: 'agent:a', evidence: '12 ms.' },
      { actor: 'agent:b', evidence: '80 ms.' },
    ],
    status: 'resolved',
    openedAtMs: 0,
    deadlineAtMs: 0,
    resolution: 'b is right.',
    resolvedBy: 'user:ann',
    resolvedAtMs: 0,
  };

  it('lists and shows them', async () => {
    const list = await runCanned(['conflict', 'list', '--status', 'resolved'], { 'GET /conflicts': { conflicts: [conflict] } });
    expect(list.asked[0]?.query).toEqual({ status: 'resolved', limit: '50' });
    expect(linesOf(list.stdout)[1]).toMatch(/^k-1 +results +resolved +\S+ \S+ +agent:a agent:b +t-1$/);
    const { stdout } = await runCanned(['conflict', 'show', 'k-1'], { 'GET /conflicts/k-1': conflict });
    expect(linesOf(stdout)).toEqual(expect.arrayContaining(['agent:a:    12 ms.', 'agent:b:    80 ms.', 'resolution: b is right.']));
  });

  it('opens one with what each party holds for its side', async () => {
    const args = ['conflict', 'open', '--about', 't-1', '--party', 'agent:a=12 ms = fast', '--party', 'user:ann=80 ms', '--deadline', '1h'];
    const { stdout, asked } = await runCanned(args, { 'POST /conflicts': { conflictId: 'k-1', position: '7-0' } });
    const parties = [
      { actor: 'agent:a', evidence: '12 ms = fast' },
      { actor: 'user:ann', evidence: '80 ms' },
    ];
    expect(asked[0]?.body).toEqual({ kind: 'results', about: 't-1', parties, deadlineMs: 3_600_000 });
    expect(stdout).toBe('Conflict k-1 is open.\n');
  });
});
