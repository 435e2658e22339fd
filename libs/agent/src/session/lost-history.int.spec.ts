import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InboxEntry, TaskSpec } from '@torch/contracts';
import { ExecHarness } from '../exec/exec.harness';
import { GatewayClient } from '../http/gateway.client';
import { listProcesses } from '../process/process-table';
import { aWork, GatewayDouble, problem } from '../testing/gateway.double';
import { until } from '../testing/poll';
import { AgentSession, type SessionEnd } from './agent.session';
import type { Harness } from './harness';

const path = (what: string): RegExp => new RegExp(`attempts/\\d+/${what}$`);

describe('an agent session, of a history that the log has lost:', () => {
  let gateway: GatewayDouble;
  let session: AgentSession;
  let ended: Promise<SessionEnd>;
  const logged: string[] = [];

  beforeEach(async () => {
    gateway = await new GatewayDouble().start();
    logged.length = 0;
  });
  afterEach(async () => {
    session.close('The test is over.');
    await ended;
    await gateway.stop();
  });

  async function connected(harness: Harness = new ExecHarness({ killGraceMs: 200, stopGraceMs: 100 })): Promise<void> {
    const client = new GatewayClient({ url: gateway.url, token: 't', retry: { pauseMs: 5, pauseMsMax: 20 } });
    session = new AgentSession({
      project: client.project('shop'),
      harness,
      log: (_level, message) => logged.push(message),
      agent: { agentId: 'dev-1', role: 'developer', skills: [], capacity: 2, harness: harness.name, instance: 'i-1' },
      config: { heartbeatMs: 50, reportPauseMsMax: 50, stream: { reconnectMs: 5, reconnectMsMax: 50 } },
    });
    ended = session.run();
    await until('the stream', () => gateway.connected);
  }

  const give = (spec: Partial<TaskSpec>, attempt = 1, assignment?: string): void =>
    gateway.send({ type: 'work', data: aWork(spec, attempt, assignment) });
  const done = (what = 'complete') => until(`"${what}"`, () => gateway.to('POST', path(what))[0]);
  const open = (...attempts: { taskId: string; attempt: number; assignment: string }[]): void =>
    gateway.send({ type: 'open', data: { attempts } });
  const fenced = () => gateway.to('POST', path('fenced'));
  /** Fails when two of them run at once. */
  const alone = (folder: string, then: string): string =>
    `mkdir ${folder} || exit 9; trap 'rmdir ${folder}; exit 1' TERM; echo up; ${then}; rmdir ${folder}`;

  it('an attempt is stopped, its output kept, and reported', async () => {
    await connected();
    give({ taskId: 'a', run: 'echo $$; sleep 60' }, 1, 'lost');
    await until('its output', () => gateway.outputs.size > 0);
    open();
    const report = await until('the report', () => fenced()[0]);
    expect(report).toMatchObject({ path: '/v1/projects/shop/tasks/a/attempts/1/fenced' });
    expect(report.json()).toEqual({ assignment: 'lost', agentId: 'dev-1' });
    expect(report.headers['idempotency-key']).toBe('a/1/lost/fenced');
    const [pid = 0] = [...gateway.outputs.values()].map(Number);
    expect(pid).toBeGreaterThan(1);
    expect(listProcesses().map((entry) => entry.pid)).not.toContain(pid);
    expect(gateway.to('POST', path('(complete|fail)'))).toEqual([]);
    expect(gateway.to('POST', path('output'))[0]?.query.get('assignment')).toBe('lost');
  });

  it('an attempt is stopped when another one is open under its number', async () => {
    await connected();
    give({ taskId: 'a', run: 'echo up; sleep 60' }, 1, 'lost');
    await until('its output', () => gateway.outputs.size > 0);
    open({ taskId: 'a', attempt: 1, assignment: 'other' });
    expect((await until('the report', () => fenced()[0])).json()).toMatchObject({ assignment: 'lost' });
  });

  it('an attempt gives way to the one that the log has, and both never run at once', async () => {
    const folder = join(mkdtempSync(join(tmpdir(), 'torch-session-')), 'busy');
    await connected();
    give({ taskId: 'a', run: alone(folder, 'sleep 60 & wait') }, 1, 'lost');
    await until('its output', () => gateway.outputs.size > 0);
    give({ taskId: 'a', run: alone(folder, 'true') }, 1, 'other');
    expect((await done()).json()).toMatchObject({ assignment: 'other', exitCode: 0 });
    expect(fenced().map((request) => request.json().assignment)).toEqual(['lost']);
    rmSync(join(folder, '..'), { recursive: true });
  });

  it('a result is reported again when the log has its attempt, and not the result', async () => {
    await connected();
    give({ run: 'exit 3' });
    await done('fail');
    gateway.cutStreams();
    await until('the next stream', () => gateway.connected);
    give({ run: 'exit 3' });
    const [first, again] = await until(
      'the second report',
      () => gateway.to('POST', path('fail')).length === 2 && gateway.to('POST', path('fail')),
    );
    expect(again?.json()).toEqual(first?.json());
    expect(again?.headers['idempotency-key']).toBe(first?.headers['idempotency-key']);
    expect(gateway.to('POST', path('start'))).toHaveLength(1);
  });

  it('a message is not dealt with, until the log has one of that id', async () => {
    const message: InboxEntry = { messageId: 'm1', from: 'user:operator', to: '@all', text: 'hi', state: 'queued', sentAtMs: 1 };
    const dealt: string[] = [];
    const reader: Harness = {
      name: 'reader',
      onWork: () => Promise.resolve({ outcome: 'completed' }),
      onMessage: async ({ text }) => void dealt.push(text),
    };
    await connected(reader);
    gateway.answer = ({ path: at }) => (at.includes('/inboxes/') ? problem(404, 'unknown-message') : undefined);
    gateway.send({ type: 'message', data: message });
    await until('the refusal', () => logged.some((line) => line.startsWith('A message was not dealt with')));
    expect(dealt).toEqual([]);
    gateway.answer = () => undefined;
    gateway.send({ type: 'message', data: message });
    await until('the acknowledgement', () => gateway.to('POST', /ack$/).length === 1);
    gateway.send({ type: 'message', data: message });
    await until('the acknowledgement that was lost', () => gateway.to('POST', /ack$/).length === 2);
    expect(dealt).toEqual(['hi']);
  });
});
