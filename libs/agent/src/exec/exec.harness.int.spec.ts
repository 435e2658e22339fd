import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TaskSpec } from '@torch/contracts';
import { aWork } from '../testing/gateway.double';
import { until } from '../testing/poll';
import { leftOf } from '../testing/processes-left';
import { aContext, Said } from '../testing/work-context';
import { ExecHarness } from './exec.harness';

describe('the exec harness', () => {
  const folder = mkdtempSync(join(tmpdir(), 'torch-exec-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  function started(spec: Partial<TaskSpec>, { stopping = false, harness = new ExecHarness({ killGraceMs: 200, stopGraceMs: 50 }) } = {}) {
    const abort = new AbortController();
    const seen = new Said();
    const context = aContext(seen, { signal: abort.signal, stopping: () => stopping });
    return { outcome: harness.onWork(aWork({ cwd: folder, ...spec }), context), abort, seen };
  }

  it('completes with exit code, duration, the output and its tail', async () => {
    const { outcome, seen } = started({ run: 'echo out; echo err >&2' });
    expect(await outcome).toEqual({ outcome: 'completed', exitCode: 0, durationMs: expect.any(Number), outputTail: 'out\nerr\n' });
    expect(seen.output).toBe('out\nerr\n');
  });

  it('fails, to be tried again, when the exit code is not 0', async () => {
    expect(await started({ run: 'echo no; exit 4' }).outcome).toMatchObject({
      outcome: 'failed',
      class: 'retryable',
      reason: 'exit-code',
      exitCode: 4,
      outputTail: 'no\n',
      message: 'The command ended with exit code 4.',
    });
  });

  it('tells the command whose it is, over what the spec sets', async () => {
    const { outcome, seen } = started({
      run: 'echo "$TORCH_TASK_ID $TORCH_ATTEMPT $TORCH_RUN_ID $TORCH_PROJECT $TORCH_AGENT_ID $TRACEPARENT $MINE"',
      env: { MINE: 'yes', TORCH_AGENT_ID: 'other' },
    });
    await outcome;
    expect(seen.output).toBe('run-1.build 1 run-1 shop dev-1 00-a-b-01 yes\n');
  });

  it('fails for good without a command', async () => {
    expect(await started({ prompt: 'Mend it.' }).outcome).toMatchObject({
      outcome: 'failed',
      class: 'permanent',
      reason: 'harness',
      message: expect.stringContaining('runs shell commands only'),
    });
  });

  it('fails for good in a working directory that is missing, and names it', async () => {
    const cwd = join(folder, 'gone');
    expect(await started({ run: 'true', cwd }).outcome).toMatchObject({
      outcome: 'failed',
      class: 'permanent',
      reason: 'harness',
      message: `The working directory ${cwd} does not exist.`,
    });
  });

  it('ends the whole group on time-out, grandchildren too', async () => {
    const { outcome } = started({
      run: 'echo begun; trap "" TERM; sh -c "trap \\"\\" TERM; sleep 321.5" & sleep 321.5; sleep 321.5',
      timeoutMs: 300,
    });
    expect(await outcome).toMatchObject({
      outcome: 'failed',
      class: 'retryable',
      reason: 'timeout',
      message: 'The command took longer than 300 ms.',
      outputTail: 'begun\n',
      exitCode: 137,
    });
    expect(leftOf('321.5')).toEqual([]);
  });

  it('ends the whole group when it is cancelled', async () => {
    const { outcome, abort, seen } = started({ run: 'echo begun; sleep 322.5 & sleep 322.5' });
    await until('the beginning', () => seen.output === 'begun\n');
    abort.abort(new Error('not needed'));
    expect(await outcome).toMatchObject({ outcome: 'aborted', exitCode: 143 });
    expect(leftOf('322.5')).toEqual([]);
  });

  it('ends work that was cancelled before it began', async () => {
    const { outcome, abort } = started({ run: 'sleep 323.5' });
    abort.abort();
    expect(await outcome).toMatchObject({ outcome: 'aborted' });
  });

  it('does not wait for a process that left the group and keeps the output open', async () => {
    const { outcome } = started({ run: 'setsid sleep 324.5 & echo done' });
    expect(await outcome).toMatchObject({ outcome: 'completed', outputTail: 'done\n' });
    for (const pid of leftOf('324.5')) process.kill(pid, 'SIGKILL');
  });

  it('takes large outputs whole and in order', async () => {
    const { outcome, seen } = started({ run: 'seq 1 200000' });
    expect(await outcome).toMatchObject({ outcome: 'completed' });
    expect(seen.output).toBe(Array.from({ length: 200_000 }, (_, i) => `${i + 1}\n`).join(''));
  });

  it('reads no faster than its output is taken', async () => {
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    let taken = 0;
    const marker = join(folder, 'written');
    const slow = async (chunk: Buffer): Promise<void> => {
      taken += chunk.length;
      await gate;
    };
    const work = aWork({ cwd: folder, run: `head -c 3000000 /dev/zero; echo > ${marker}` });
    const outcome = new ExecHarness().onWork(work, aContext(new Said(), { output: slow }));
    await until('the first chunk', () => taken > 0);
    expect(taken).toBeLessThan(200_000);
    open();
    await outcome;
    expect(taken).toBe(3_000_000);
  });
});
