import { chmodSync, cpSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { CloudEvent, HistoryPage } from '@torch/agent';
import { plantedSecrets } from '@torch/contracts/testing';
import { partitionOf, PARTITIONS_DEFAULT } from '@torch/log';
import { mintToken } from '@torch/platform';
import { waitUntil } from '@torch/testing';
import { filesBelow, joined, textsOf, whereabouts } from './kept-bytes';
import { otherClock } from './other-clock';
import { type CliResult, type RunResult, Torch } from './torch.fixture';

const DAY_MS = 24 * 60 * 60 * 1000;
const PRIVATE_WORDS = 'the fox sleeps under the third birch';
const planted = plantedSecrets(11);

const plan = (name: string, run: string) => ({
  name,
  agents: [{ role: 'worker', max: 1 }],
  tasks: [
    { key: 'first', role: 'worker', run, retries: 0, timeout: '30s' },
    { key: 'second', role: 'worker', run: 'echo from the second', dependsOn: ['first'] },
  ],
});

interface Verified {
  readonly ok: boolean;
  readonly partitions: readonly { readonly partition: number; readonly ok: boolean; readonly records: number; readonly pruned?: number }[];
}
interface Replay {
  readonly services: readonly { readonly service: string; readonly digest: string }[];
}

(process.env.TORCH_TEST_LONG ? describe : describe.skip)('an archive, from its first record to an auditor without Torch', () => {
  const env: NodeJS.ProcessEnv = { TORCH_AUDIT_SEGMENT_MS: '1000' };
  const torch = new Torch(env);
  const file = (name: string): string => join(torch.root, name);
  const archive = join(torch.data, 'audit');
  const trusted = file('notary.pub');
  const witness = file('witness.ndjson');
  let old: RunResult;
  let kept: RunResult;
  let ended: CloudEvent;

  const of = (project: string, ...args: string[]): string[] => ['--project', project, ...args];
  const page = async (project: string, query: string): Promise<HistoryPage> =>
    (await (await torch.http('GET', `/v1/projects/${project}/history?${query}`)).json()) as HistoryPage;
  const say = (project: string, to: string, text: string, headers: Record<string, string> = {}): Promise<Response> =>
    torch.http('POST', `/v1/projects/${project}/messages`, { to, text }, headers);
  const positionOf = ({ id }: CloudEvent): string => id.split('/')[1] as string;
  const said = ({ code, stdout, stderr }: CliResult): object => ({ code, said: stdout + stderr });
  const done = (text = ''): object => ({ code: 0, said: expect.stringContaining(text) as string });
  const no = (code: number, text: string): object => ({ code, said: expect.stringContaining(text) as string });
  const cli = async (...args: string[]): Promise<object> => said(await torch.cli(...args));
  const verified = async (): Promise<Verified> => torch.json<Verified>('audit', 'verify');
  const digests = async (...args: string[]): Promise<string[]> =>
    (await torch.json<Replay>(...args)).services.map(({ service, digest }) => `${service} ${digest}`);

  beforeAll(async () => {
    writeFileSync(file('secrets.txt'), planted.map(({ text }) => text).join('\n\n'));
    env.NODE_OPTIONS = otherClock(torch.root, -3 * DAY_MS); // So that what happens now is old enough to expire afterwards.
    await torch.up();
    for (const project of ['old', 'keep']) expect((await torch.http('POST', '/v1/projects', { project })).status).toBe(201);
    old = await torch.json<RunResult>(...of('old', 'run', torch.plan('old.json', plan('old', 'echo from the first'))));
    kept = await torch.json<RunResult>(...of('keep', 'run', torch.plan('keep.json', plan('keep', `cat ${file('secrets.txt')}`))));
  }, 120_000);
  afterAll(async () => {
    await torch.down();
    torch.remove();
  }, 120_000);

  it('has what was acknowledged, at the level that the request or the project asks for', async () => {
    expect([old.status, kept.status]).toEqual(['completed', 'completed']);
    expect((await say('keep', 'operator', 'as usual')).headers.get('torch-durability')).toBe('archived');
    expect(await cli('project', 'set', 'keep', '--acknowledge', 'memory')).toMatchObject(done('as memory'));
    await waitUntil(async () => (await say('keep', 'operator', 'quickly')).headers.get('torch-durability') === 'memory', {
      what: 'the project to acknowledge as it is set',
    });
    expect((await say('keep', 'operator', 'surely', { 'torch-durability': 'archived' })).headers.get('torch-durability')).toBe('archived');
    const refused = await say('keep', 'operator', 'never sent', { 'torch-durability': 'carved-in-stone' });
    expect([refused.status, await refused.json()]).toEqual([400, expect.objectContaining({ code: 'invalid-header' })]);
    expect(await cli(...of('keep', '--durability', 'ink', 'send', 'operator', 'never sent'))).toMatchObject(no(2, '--durability "ink"'));
    expect(JSON.stringify(await page('keep', 'types=message.sent&limit=1000'))).not.toContain('never sent');
    expect(await cli('project', 'set', 'keep', '--acknowledge', 'archived')).toMatchObject(done());
  }, 120_000);

  it('knows who was refused, and has nothing of what they asked for', async () => {
    const secret = Buffer.from(readFileSync(join(torch.data, 'secret'), 'utf8').trim(), 'base64url');
    const agent = await mintToken(secret, { actor: 'agent:ear', projects: ['keep'] });
    const as = (token: string) => ({ authorization: `Bearer ${token}` });
    const refused = [
      await say('keep', 'operator', 'never sent', as('a.b.c')),
      await say('old', 'operator', 'never sent', as(agent)),
      await torch.http('DELETE', '/v1/projects/keep/agents/mouth', {}, as(agent)),
      await torch.http('POST', '/v1/audit/erasures', { subject: 'user:operator' }, as(agent)),
    ];
    expect(refused.map(({ status }) => status)).toEqual([401, 403, 403, 403]);
    const events = await waitUntil(
      async () => {
        const found = [...(await page('keep', 'types=access.refused')).events, ...(await page('old', 'types=access.refused')).events];
        return found.length >= 3 ? found : undefined;
      },
      { what: 'the refusals' },
    );
    expect(events.map(({ torchproject, torchactor }) => `${torchproject} ${torchactor}`).sort()).toEqual([
      'keep agent:ear',
      'keep service:gateway',
      'old agent:ear',
    ]);
    const ofSystem = await page('torch', 'types=access.refused');
    expect(ofSystem.events).toContainEqual(expect.objectContaining({ torchactor: 'agent:ear' }));
    expect((await torch.http('GET', '/v1/projects/torch/runs')).status).toBe(404);
  }, 120_000);

  it('takes in no secret, by whichever door it comes, and no private word that could not be erased', async () => {
    for (const text of joined(planted, 4000)) {
      expect((await say('keep', 'operator', text)).status).toBe(202);
      const prompt = { tasks: [{ key: 'asked', role: 'nobody', title: text.slice(0, 100), prompt: text }] };
      const run = await torch.http('POST', '/v1/projects/keep/runs', prompt);
      expect(run.status).toBe(202);
      const { runId } = (await run.json()) as { runId: string };
      expect((await torch.http('POST', `/v1/projects/keep/runs/${runId}/cancel`, { reason: text.slice(0, 1000) })).status).toBe(202);
    }
    const failing = plan('failing', `cat ${file('secrets.txt')} >&2; exit 3`);
    expect((await torch.cli(...of('keep', 'run', torch.plan('failing.json', failing)))).code).toBe(1);
    const token = planted.find(({ kind }) => kind === 'github-token')?.text as string;
    expect(await cli(...of('keep', 'run', torch.plan('refused.json', plan('refused', `echo ${token}`))))).toMatchObject(no(2, 'tasks'));
    expect((await torch.http('GET', `/v1/projects/keep/tasks/${token}`)).status).toBeGreaterThanOrEqual(400);
    expect((await say('keep', 'operator', 'never sent', { 'torch-correlation-id': token })).status).toBeGreaterThanOrEqual(400);
    await torch.http('GET', '/v1/projects/keep/tasks', undefined, { 'torch-correlation-id': token });
    expect((await torch.http('GET', '/v1/projects/keep/tasks', undefined, { authorization: `Bearer ${token}` })).status).toBe(401);
    expect(await cli('audit', 'hold', 'add', 'nobody', '--reason', joined(planted, 900)[0] as string)).toMatchObject(done());

    const long = { agents: [{ role: 'listener' }], tasks: [{ key: 'long', role: 'listener', run: 'sleep 30' }] };
    const { runId } = await torch.json<{ runId: string }>(...of('keep', 'run', '--detach', torch.plan('long.json', long)));
    const started = await waitUntil(async () => (await page('keep', `types=task.started&subject=task/${runId}*`)).events[0], {
      what: 'an agent',
    });
    const sent = (await (await say('keep', (started.data as { agentId: string }).agentId, PRIVATE_WORDS)).json()) as { messageId: string };
    await waitUntil(async () => (await page('keep', `types=message.acked&subject=message/${sent.messageId}`)).events[0], {
      what: 'its answer',
    });
    expect((await torch.http('POST', `/v1/projects/keep/runs/${runId}/cancel`, {})).status).toBe(202);
    const opened = (await page('keep', `types=message.sent&subject=message/${sent.messageId}`)).events[0];
    expect(opened?.data).toMatchObject({ text: PRIVATE_WORDS });

    await torch.down();
    const hidden = [...planted, { name: 'private words', secret: PRIVATE_WORDS }];
    const { leaks, marks } = whereabouts(torch.data, ['keys', 'secret', 'token'], hidden, '[redacted:');
    expect(leaks).toEqual([]);
    expect(marks).toBeGreaterThan(5 * planted.length);
  }, 120_000);

  it('carries on three days later, under a new key that the old one vouches for', async () => {
    delete env.NODE_OPTIONS;
    await torch.up();
    writeFileSync(trusted, (await torch.cli('audit', 'key', 'show')).stdout);
    expect(await torch.json('audit', 'witness', '--file', witness, '--key', trusted)).toMatchObject({ ok: true, added: 8 });
    expect(await cli('audit', 'key', 'rotate')).toMatchObject(done('notary-2'));
    await waitUntil(async () => (await page('torch', 'types=notary.key-rotated')).events.length === 1, {
      what: 'the log to tell of the key',
    });
    expect((await torch.cli('audit', 'key', 'show')).stdout.split('\n')).toHaveLength(3);
    expect(await verified()).toMatchObject({ ok: true });
    expect(await cli('audit', 'witness', '--file', witness, '--key', trusted)).toMatchObject(done('carries on'));
  }, 120_000);

  it('proves a commit to somebody who has nothing but the key', async () => {
    const { events } = await page('keep', `types=run.ended&subject=run/${kept.runId}`);
    ended = events[0] as CloudEvent;
    const proof = await torch.cli(...of('keep', 'audit', 'prove', positionOf(ended)));
    writeFileSync(file('proof.json'), proof.stdout);
    writeFileSync(file('forged.json'), proof.stdout.replaceAll('completed', 'cancelled'));
    expect(await cli('audit', 'prove', '--check', file('proof.json'), '--key', trusted)).toMatchObject(done(positionOf(ended)));
    expect(await cli('audit', 'prove', '--check', file('forged.json'), '--key', trusted)).toMatchObject(no(1, 'does not hold'));
  }, 120_000);

  it('shows how things stood, what changed, why, and a run again', async () => {
    const task = `task/${kept.results[1]?.taskId}`;
    const before = positionOf((await page('keep', `types=task.submitted&subject=${task}`)).events[0] as CloudEvent);
    const [then, changes, why, mermaid, again, here, there, early] = await Promise.all([
      torch.json(...of('keep', 'state', 'show', task, '--at', before)),
      torch.json<{ changes: object[] }>(...of('keep', 'state', 'diff', task, before, positionOf(ended))),
      torch.json<{ nodes: { type: string; actor: string }[] }>(...of('keep', 'why', task)),
      torch.cli(...of('keep', 'why', task, '--format', 'mermaid')),
      torch.json<RunResult>(...of('keep', 'run', 'replay', kept.runId, '--speed', 'max')),
      digests(...of('keep', 'log', 'replay', '--until', positionOf(ended))),
      digests(...of('keep', 'log', 'replay', '--until', positionOf(ended), '--archive', archive)),
      digests(...of('keep', 'log', 'replay', '--until', before)),
    ]);
    expect(then).toMatchObject({ state: { status: 'blocked' } });
    expect(changes.changes).toContainEqual({ op: 'replace', path: '/status', before: 'blocked', after: 'completed' });
    expect(why.nodes).toContainEqual(expect.objectContaining({ type: 'SubmitRun', actor: 'user:operator' }));
    expect(mermaid.stdout).toMatch(/^flowchart[\s\S]*task\.completed/);
    expect(again).toMatchObject({ runId: kept.runId, status: kept.status, tasks: kept.tasks });
    expect(here).toEqual(there);
    expect(early).not.toEqual(here);
    expect(await torch.json(...of('keep', 'log', 'replay'))).toMatchObject({ equal: true });
  }, 120_000);

  it('answers by filter, as an export that goes on where it was cut off, in SQL, and as a report', async () => {
    const filter = ['--subject', `task/${kept.runId}*`, '--types', 'task.completed'];
    const [online, offline, sql, report, , badFilter, badSql] = await Promise.all([
      torch.cli(...of('keep', '--json', 'audit', 'events', ...filter)),
      torch.cli(...of('keep', '--json', 'audit', 'events', ...filter, '--archive')),
      torch.json(
        'audit',
        'sql',
        `select count(*)::int n from events where project = 'keep' and subject like 'task/${kept.runId}%' and type = 'task.completed'`,
      ),
      torch.json<{ verdict: object }>(...of('keep', 'audit', 'report', '--key', trusted)),
      torch.cli(...of('keep', 'audit', 'export', '--out', file('all.ndjson'))),
      cli(...of('keep', 'audit', 'events', '--actor', 'ear')),
      cli('audit', 'sql', "copy (select 1) to 'stolen.csv'"),
    ]);
    expect(online.stdout.trim().split('\n')).toHaveLength(2);
    expect(offline.stdout).toBe(online.stdout);
    expect(sql).toEqual([{ n: 2 }]);
    expect(JSON.stringify(report.verdict)).not.toContain('broken');
    expect(badFilter).toMatchObject(no(2, '--actor "ear"'));
    expect([badSql, existsSync(file('stolen.csv'))]).toEqual([no(2, 'only read'), false]);
    const lines = readFileSync(file('all.ndjson'), 'utf8').split('\n');
    expect(lines.length).toBeGreaterThan(30);
    writeFileSync(file('cut.ndjson.partial'), lines.slice(0, 7).join('\n') + '\n{"specversion":"1.0","id"');
    expect(await cli(...of('keep', 'audit', 'export', '--out', file('cut.ndjson'), '--resume'))).toMatchObject(done());
    expect(
      readFileSync(file('cut.ndjson'), 'utf8')
        .split('\n')
        .slice(0, lines.length - 1),
    ).toEqual(lines.slice(0, -1));
  }, 120_000);

  it('loses what has expired unless it is held, and still holds', async () => {
    const ran = `subject=run/${old.runId}`;
    expect((await page('old', ran)).events.length).toBeGreaterThan(0);
    expect(await cli(...of('old', 'audit', 'retention', 'set', '--days', '1'))).toMatchObject(done('1 day.'));
    expect(await cli('audit', 'hold', 'add', 'old', '--reason', 'Case 7')).toMatchObject(done());
    expect(await cli('audit', 'retention', 'apply')).toMatchObject(done('Nothing has expired.'));
    expect(await cli('audit', 'hold', 'remove', 'old', '--reason', 'Closed')).toMatchObject(done());
    expect((await page('old', ran)).events.length).toBeGreaterThan(0);
    expect(await cli('audit', 'retention', 'apply')).toMatchObject(done('were taken out'));
    const after = await page('old', ran);
    expect([after.events, after.pruned > 0]).toEqual([[], true]);
    expect((await page('keep', `subject=run/${kept.runId}`)).events.length).toBeGreaterThan(0);
    const checks = await Promise.all([
      verified(),
      cli('audit', 'witness', '--file', witness, '--key', trusted),
      cli('audit', 'prove', '--check', file('proof.json'), '--key', trusted),
      torch.json(...of('old', 'log', 'replay')),
    ]);
    expect(checks).toMatchObject([{ ok: true }, done('carries on'), done(), { equal: true }]);
  }, 120_000);

  it('forgets the words of somebody who asked for it, unless they are held, and nothing else', async () => {
    const replayed = await digests(...of('keep', 'log', 'replay', '--until', positionOf(ended)));
    expect(await cli('audit', 'hold', 'add', 'user:operator', '--reason', 'Case 8')).toMatchObject(done());
    expect(await cli(...of('keep', 'audit', 'erase', 'user:operator'))).toMatchObject(no(1, 'held'));
    expect(JSON.stringify(await page('keep', 'types=message.sent&limit=1000'))).toContain(PRIVATE_WORDS);
    expect(await cli('audit', 'hold', 'remove', 'user:operator', '--reason', 'Closed')).toMatchObject(done());
    expect(await cli(...of('keep', 'audit', 'erase', 'user:operator', '--reason', 'Asked for'))).toMatchObject(done('is erased'));
    const { events } = await page('keep', 'types=message.sent&limit=1000');
    expect(new Set(events.map(({ data }) => (data as { text: string }).text))).toEqual(new Set(['[erased]']));
    const [again, live, whole] = await Promise.all([
      digests(...of('keep', 'log', 'replay', '--until', positionOf(ended))),
      torch.json(...of('keep', 'log', 'replay')),
      verified(),
    ]);
    expect(again).toEqual(replayed);
    expect([live, whole]).toMatchObject([{ equal: true }, { ok: true }]);
  }, 120_000);

  it('comes back from a backup at an earlier point, which a witness takes for what it is', async () => {
    expect(await cli('backup', 'create', '--out', file('backups'))).toMatchObject(done());
    expect(await cli('backup', 'verify', '--store', file('backups'), '--key', trusted)).toMatchObject(done('The notary signed it.'));
    const point = ['--at', positionOf(ended), '--partition', String(partitionOf('keep', PARTITIONS_DEFAULT))];
    const key = ['--notary-key', join(torch.data, 'keys', 'notary.key')];
    const restored = await cli('backup', 'restore', '--store', file('backups'), '--into', file('earlier'), ...point, ...key);
    expect(restored).toMatchObject(done(positionOf(ended)));
    const earlier = join(file('earlier'), 'audit');
    const checks = await Promise.all([
      cli('audit', 'verify', '--offline', earlier, '--key', trusted),
      cli('audit', 'witness', '--archive', earlier, '--file', witness, '--key', trusted),
    ]);
    expect(checks).toEqual([done('whole'), no(1, 'not the one')]);
  }, 120_000);

  it('holds without Torch, for whoever kept the first key, and names the record that somebody changed', async () => {
    expect(await cli('status')).toMatchObject(done('Archive: 8 of 8 partitions'));
    await torch.down();
    const answers = await Promise.all([
      cli('status'),
      cli('audit', 'verify'),
      cli('audit', 'verify', '--offline', archive),
      cli('audit', 'verify', '--offline', archive, '--key', trusted),
      cli(...of('keep', 'audit', 'events', '--archive', '--types', 'run.ended')),
    ]);
    expect(answers).toEqual([no(3, 'not running'), no(3, 'not running'), no(2, '--key'), done('whole'), done(kept.runId)]);

    cpSync(archive, file('copy'), { recursive: true });
    const partition = `p0${partitionOf('keep', PARTITIONS_DEFAULT)}`;
    const changed = filesBelow(join(file('copy'), partition), []).find(
      (path) =>
        path.endsWith('.ndjson.gz') && textsOf(path).some((text) => text.includes(`"run/${kept.runId}"`) && text.includes('run.ended')),
    ) as string;
    chmodSync(changed, 0o600);
    const text = gunzipSync(readFileSync(changed)).toString();
    writeFileSync(changed, gzipSync(text.replace(/("status":"completed","completed":)2/, '$13')));
    expect(gunzipSync(readFileSync(changed)).toString()).not.toBe(text);
    expect(await cli('audit', 'verify', '--offline', file('copy'), '--key', trusted)).toMatchObject(no(1, positionOf(ended)));
  }, 120_000);

  it('says how a log server of one’s own is to be guarded, without a password', async () => {
    const passwords = file('passwords.json');
    const { stdout } = await torch.cli('log-server', 'acl', '--passwords', passwords);
    expect(statSync(passwords).mode & 0o777).toBe(0o600);
    for (const user of ['torch-gateway', 'torch-audit', 'torch-reader']) expect(stdout).toContain(`user ${user} `);
    const made = Object.values(JSON.parse(readFileSync(passwords, 'utf8')) as Record<string, string>);
    expect(made.length).toBeGreaterThanOrEqual(6);
    expect(made.filter((password) => stdout.includes(password))).toEqual([]);
  });
});
