import { Rejection } from '@torch/kernel';
import type { ContractClass } from '../field';
import { objectSchema } from '../json-schema';
import { MessageSent } from '../messaging/messaging.events';
import { planProblems } from '../plan/plan.rules';
import { COMMANDS, EVENTS } from '../registry-of-contracts';
import { CancelTask, FailTask, SubmitRun } from '../scheduler/scheduler.commands';
import { TaskAssigned } from '../scheduler/scheduler.events';
import { DefinePools } from '../spawner/spawner.commands';
import { fieldProblem } from '../validate';
import { admittedData, assertNoSecret, redactedData, secretProblems } from './contract.redaction';
import { plantedSecrets } from './planted-secrets.fixture';

const token = plantedSecrets().find(({ kind }) => kind === 'github-token')?.text as string;
const failed = { taskId: 't', attempt: 1, agentId: 'a', class: 'retryable', reason: 'exit-code', message: 'no', outputTail: 'fine' };
const task = {
  taskId: 't',
  key: 't',
  title: 't',
  role: 'developer',
  skills: [],
  prefer: [],
  dependsOn: [],
  priority: 5,
  timeoutMs: 1000,
  retries: 0,
};
const pool = {
  poolId: 'p',
  role: 'developer',
  skills: [],
  runtime: 'process',
  harness: 'exec',
  min: 0,
  max: 1,
  capacity: 1,
  memoryMib: 64,
  crashesMax: 1,
};

describe('data with secrets in its texts', () => {
  it('has them redacted, and nothing else is changed', () => {
    const data = { ...failed, message: `got ${token}`, outputTail: `a\npassword=hunter2hunter2\nb` };
    expect(redactedData(FailTask, data)).toEqual({
      ...failed,
      message: 'got [redacted:github-token]',
      outputTail: 'a\npassword=[redacted:password]\nb',
    });
    expect(data.message).toContain(token);
  });

  it('still fits its contract when the text was as long as it may be', () => {
    const data = { taskId: 't', reason: 'password=abc123 '.repeat(125) };
    const clean = redactedData(CancelTask, data);
    expect(data.reason).toHaveLength(2000);
    expect(fieldProblem(CancelTask, clean)).toBeUndefined();
    expect(JSON.stringify(clean)).not.toContain('abc123');
  });

  it('has them redacted however deep they are', () => {
    const clean = redactedData(SubmitRun, {
      runId: 'r',
      tasks: [task, { ...task, prompt: `use ${token}`, env: { API_TOKEN: 'abcdef0123456789' } }],
    });
    expect(clean.tasks[0]).toBe(task);
    expect(clean.tasks[1]).toMatchObject({ prompt: 'use [redacted:github-token]', env: { API_TOKEN: '[redacted:secret]' } });
  });

  it('without any comes back as it is', () => {
    expect(redactedData(FailTask, failed)).toBe(failed);
    const data = { taskId: token, attempt: 1 };
    expect(redactedData(TaskAssigned, data)).toBe(data); // Ids cannot be redacted: they are refused before they get here.
  });

  it('that does not fit its contract is left to whoever says so', () => {
    for (const value of [null, 1, {}, [], [null]]) {
      const data = { runId: value, name: value, tasks: value };
      expect(redactedData(SubmitRun, data)).toEqual(data);
      expect(secretProblems(SubmitRun, data)).toEqual([]);
    }
    expect(redactedData(SubmitRun, undefined)).toBeUndefined();
  });
});

describe('a secret that cannot be redacted', () => {
  it.each([
    ['a command', SubmitRun, { runId: 'r', tasks: [{ ...task, run: `curl -H "Authorization: Bearer ${token}" x` }] }, '/tasks/0/run'],
    ['a working directory', SubmitRun, { runId: 'r', tasks: [{ ...task, cwd: `/tmp/${token}` }] }, '/tasks/0/cwd'],
    [
      'a variable',
      SubmitRun,
      { runId: 'r', tasks: [task, { ...task, env: { A: 'b', GITHUB_TOKEN: token } }] },
      '/tasks/1/env/GITHUB_TOKEN',
    ],
    [
      'a variable whose name gives it away',
      DefinePools,
      { pools: [{ ...pool, env: { DB_PASSWORD: 'hunter2!' } }] },
      '/pools/0/env/DB_PASSWORD',
    ],
    ['an id', FailTask, { ...failed, taskId: token }, '/taskId'],
    ['one of several ids', MessageSent, { messageId: 'm', recipients: ['a', token] }, '/recipients/1'],
  ])('is refused in %s, and its field is named', (_what, contract, data, pointer) => {
    expect(secretProblems(contract, data).map((problem) => problem.pointer)).toEqual([pointer]);
    expect(() => admittedData(contract, data)).toThrow(Rejection);
    expect(() => admittedData(contract, data)).toThrow(`"${pointer.slice(1).replaceAll('/', '.')}" holds what looks like a secret`);
    expect(() => admittedData(contract, data)).not.toThrow(token);
  });

  it('is named in a plan before it is sent', () => {
    const tasks = [
      { key: 'a', role: 'developer', run: `echo ${token}` },
      { key: 'b', role: 'developer', run: 'echo $GITHUB_TOKEN' },
    ];
    expect(planProblems({ tasks, agents: [{ role: 'developer', env: { KEY: token } }] }).map(({ pointer }) => pointer)).toEqual([
      '/agents/0/env/KEY',
      '/tasks/0/run',
    ]);
  });

  it('is refused in what surrounds a command', () => {
    expect(() => assertNoSecret('correlationId', token)).toThrow('"correlationId" holds what looks like a secret (github-token)');
    expect(() => assertNoSecret('correlationId', '6b0f2a1e-0a3c-4a57-9d7d-2f3a0c7b9e11')).not.toThrow();
  });
});

describe('the texts of all contracts', () => {
  it('are known: a secret in any of them is redacted or refused', () => {
    let fields = 0;
    for (const { data: contract, type } of [...EVENTS, ...COMMANDS]) {
      for (const [name, schema] of Object.entries(propertiesOf(contract))) {
        if (schema.type !== 'string' || schema.enum) continue;
        fields++;
        const data = { [name]: token };
        const gone = !JSON.stringify(redactedData(contract, data)).includes(token) || secretProblems(contract, data).length > 0;
        expect([type, name, gone]).toEqual([type, name, true]);
      }
    }
    expect(fields).toBeGreaterThan(100);
  });
});

const propertiesOf = (contract: ContractClass) => objectSchema(contract).properties as Record<string, { type?: string; enum?: unknown }>;
