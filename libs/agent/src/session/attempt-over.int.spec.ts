import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApprovalView } from '@torch/contracts';
import { ExecHarness } from '../exec/exec.harness';
import { problem } from '../testing/gateway.double';
import { until } from '../testing/poll';
import { leftOf } from '../testing/processes-left';
import { SessionFixture } from '../testing/session.fixture';

const TAKEN_AWAY = ['stopped', 'budget', 'deadline', 'progress-timeout', 'lease-expired', 'not needed any more'];

describe('an attempt', () => {
  let agent: SessionFixture;
  const folder = mkdtempSync(join(tmpdir(), 'torch-over-'));
  beforeEach(async () => (agent = await SessionFixture.start()));
  afterEach(() => agent.stop());
  afterAll(() => rmSync(folder, { recursive: true }));

  const over = (reason: string): void => agent.gateway.send({ type: 'cancel', data: { taskId: 'run-1.build', attempt: 1, reason } });
  const approvals = (...views: Partial<ApprovalView>[]): void => {
    agent.gateway.answer = ({ method, path }) =>
      method === 'GET' && path.endsWith('/approvals') ? { status: 200, body: { approvals: views } } : undefined;
  };

  it.each(TAKEN_AWAY)(
    'is ended with its whole group when it is over for Torch (%s), and nothing more of it is reported',
    async (reason) => {
      await agent.connect(undefined, { progressEveryMs: 1 });
      const usage = 'while :; do echo \'{"inputTokens":\'$((n+=1))\'}\' >> "$TORCH_USAGE_FILE"; sleep 0.01; done';
      agent.give({ run: `trap "" TERM; sleep 341.5 & echo up; n=0; ${usage}` });
      await until('its output', () => agent.gateway.outputs.size > 0);
      await agent.report('progress');
      over(reason);
      await until('its end', () => agent.logged.includes(`Ended before it was done: ${reason}`));
      expect(leftOf('341.5')).toEqual([]);
      const reported = agent.reports('.*').filter(({ path }) => !path.endsWith('output')).length;
      await until('some heartbeats', beats(3));
      expect(agent.reports('.*').filter(({ path }) => !path.endsWith('output'))).toHaveLength(reported);
      expect(agent.reports('(complete|fail)')).toEqual([]);
    },
  );

  it('reports no progress any more while its harness is still ending it', async () => {
    await agent.connect({
      name: 'slow',
      onWork: async (_work, { signal, progress }) => {
        await until('the end', () => signal.aborted);
        progress({ percent: 99 });
        await until('some heartbeats', beats(3));
        return { outcome: 'aborted' };
      },
      onMessage: () => Promise.resolve(),
    });
    agent.give({ prompt: 'x' });
    await agent.report('start');
    over('stopped');
    await until('its end', () => agent.logged.includes('Ended before it was done: stopped'));
    expect(agent.reports('.*')).toHaveLength(1);
  });

  it('has only the shorter grace when nothing is left to spend', async () => {
    await agent.connect(new ExecHarness({ killGraceMs: 60_000, stopGraceMs: 100 }));
    agent.give({ run: 'trap "" TERM; echo up; while :; do sleep 342.5; done' });
    await until('its output', () => agent.gateway.outputs.size > 0);
    over('budget');
    await until('its end', () => agent.logged.includes('Ended before it was done: budget'));
    expect(leftOf('342.5')).toEqual([]);
  });

  it('reports what it has used, what came of it and what shows it', async () => {
    await agent.connect();
    const run = 'echo \'{"inputTokens":5}\' > "$TORCH_USAGE_FILE"; echo \'{"answer":42}\' > "$TORCH_RESULT_FILE"; touch made';
    agent.give({
      run,
      cwd: folder,
      evidence: { exitCodeZero: true, artefacts: [{ path: 'made' }, { path: 'gone' }], command: 'test -e made' },
    });
    expect(await agent.report('complete')).toMatchObject({
      exitCode: 0,
      usage: { inputTokens: 5 },
      result: { answer: 42 },
      evidence: { exitCode: 0, artefacts: [{ path: 'made' }], command: { command: 'test -e made', exitCode: 0, outputTail: '' } },
    });
    expect([...agent.gateway.outputs.values()].map(String)).toEqual(['[torch] Evidence: test -e made\n']);
  });

  it('looks for evidence whatever the harness', async () => {
    await agent.connect({ name: 'own', onWork: () => Promise.resolve({ outcome: 'completed' }), onMessage: () => Promise.resolve() });
    agent.give({ prompt: 'x', cwd: folder, evidence: { command: 'exit 4' } });
    expect(await agent.report('complete')).toMatchObject({ evidence: { command: { exitCode: 4 } } });
  });

  it('that is rate-limited says until when', async () => {
    await agent.connect();
    agent.give({ run: 'echo \'{"retryAtMs":1795000000000}\' > "$TORCH_RESULT_FILE"; exit 75' });
    expect(await agent.report('fail')).toMatchObject({ class: 'rate-limited', reason: 'exit-code', retryAtMs: 1795000000000 });
  });

  it('fails when its result is refused, and does not stay open', async () => {
    agent.gateway.answer = ({ path }) => (path.endsWith('/complete') ? problem(400, 'secret-in-field') : undefined);
    await agent.connect();
    agent.give({ run: 'true' });
    expect(await agent.report('fail')).toMatchObject({
      class: 'retryable',
      reason: 'harness',
      message: 'The result was refused: It is so: secret-in-field.',
    });
  });

  it('does not time out while somebody has to answer, and not for that time', async () => {
    approvals({ attempt: 1, status: 'open', requestedAtMs: Date.now() });
    await agent.connect();
    const answered = join(folder, 'answered');
    agent.give({ run: `until [ -e ${answered} ]; do sleep 0.02; done`, timeoutMs: 200 });
    await until('a look at its questions', () => agent.gateway.to('GET', /approvals$/).length >= 2);
    expect(agent.reports('fail')).toEqual([]);
    approvals(
      { attempt: 1, status: 'answered', requestedAtMs: 1000, answeredAtMs: 1000 + 1_000_000 },
      { attempt: 1, status: 'answered', requestedAtMs: 2000, answeredAtMs: 3000 },
      { attempt: 2, status: 'open', requestedAtMs: 2000 },
    );
    await until('another look', () => agent.gateway.to('GET', /approvals$/).length >= 3);
    over('test over');
    await until('its end', () => agent.logged.includes('Ended before it was done: test over'));
    expect(agent.reports('fail')).toEqual([]);
  });

  it('times out when nobody can be asked', async () => {
    agent.gateway.answer = ({ path }) => (path.endsWith('/approvals') ? 'cut' : undefined);
    await agent.connect();
    agent.give({ run: 'sleep 60', timeoutMs: 100 });
    expect(await agent.report('fail')).toMatchObject({ reason: 'timeout', message: 'The command took longer than 100 ms.' });
  });

  function beats(count: number): () => boolean {
    const before = agent.gateway.to('POST', /heartbeat$/).length;
    return () => agent.gateway.to('POST', /heartbeat$/).length >= before + count;
  }
});
