import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RESULT_BYTES_MAX, type TaskInput, type TaskSpec } from '@torch/contracts';
import { aWork } from '../testing/gateway.double';
import { until } from '../testing/poll';
import { aContext, Said } from '../testing/work-context';
import { ExecHarness } from './exec.harness';
import { RATE_LIMIT_WAIT_MS_DEFAULT } from './exit-codes';
import { INPUTS_INLINE_BYTES_MAX } from './task-exchange';

describe('a command and its harness', () => {
  const folder = mkdtempSync(join(tmpdir(), 'torch-exchange-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  const input = (result: object): TaskInput => ({ taskId: 'run-1.make', key: 'make', status: 'completed', exitCode: 0, result });
  function begin(spec: Partial<TaskSpec>, inputs?: TaskInput[]) {
    const said = new Said();
    const work = { ...aWork({ cwd: folder, ...spec }), ...(inputs && { inputs }) };
    return { said, outcome: new ExecHarness({ killGraceMs: 200 }).onWork(work, aContext(said)) };
  }
  const outcomeOf = (run: string) => begin({ run }).outcome;
  async function outputOf(run: string, inputs?: TaskInput[]): Promise<string> {
    const { said, outcome } = begin({ run }, inputs);
    expect(await outcome).toMatchObject({ outcome: 'completed' });
    return said.output;
  }

  describe('inputs', () => {
    it('are an empty list where there are none', async () => {
      expect(await outputOf('printf %s "$TORCH_INPUTS"')).toBe('[]');
    });

    it('are in the environment when they are small', async () => {
      const inputs = [input({ answer: 42, text: 'a "b" $c \n é' }), { ...input({}), key: 'other', result: undefined, resultRef: 's3://x' }];
      expect(JSON.parse(await outputOf('printf %s "$TORCH_INPUTS"; [ -z "$TORCH_INPUTS_FILE" ]', inputs))).toEqual(
        JSON.parse(JSON.stringify(inputs)),
      );
    });

    it('are in a file when they are larger', async () => {
      const inputs = [input({ text: 'é'.repeat(INPUTS_INLINE_BYTES_MAX / 2) })];
      expect(JSON.parse(await outputOf('cat "$TORCH_INPUTS_FILE"; [ -z "$TORCH_INPUTS" ]', inputs))).toEqual(inputs);
    });

    it("are the attempt's own, whatever the agent itself was started with", async () => {
      process.env.TORCH_INPUTS_FILE = '/nowhere';
      try {
        expect(await outputOf('printf %s "$TORCH_INPUTS_FILE$TORCH_INPUTS"')).toBe('[]');
      } finally {
        delete process.env.TORCH_INPUTS_FILE;
      }
    });
  });

  describe('a result', () => {
    it('is the object in its file', async () => {
      expect(await outcomeOf('echo \'{"answer": 42}\' > "$TORCH_RESULT_FILE"')).toMatchObject({
        outcome: 'completed',
        result: { answer: 42 },
      });
    });

    it('may be said to be elsewhere', async () => {
      expect(await outcomeOf('echo \'"s3://bucket/report"\' > "$TORCH_RESULT_FILE"')).toMatchObject({
        outcome: 'completed',
        resultRef: 's3://bucket/report',
      });
    });

    it.each(['true', 'touch "$TORCH_RESULT_FILE"'])('may be missing: %s', async (run) => {
      const outcome = await outcomeOf(run);
      expect(outcome).toMatchObject({ outcome: 'completed' });
      expect(outcome).not.toHaveProperty('result');
    });

    it('counts as JSON without its white space', async () => {
      const run = `node -e 'fs.writeFileSync(process.env.TORCH_RESULT_FILE, JSON.stringify({ list: Array(4000).fill(1) }, null, 8))'`;
      expect(await outcomeOf(run)).toMatchObject({ outcome: 'completed' });
    });

    it.each([
      ['head -c 30000 /dev/zero | tr "\\0" 7', 'permanent', /is Infinity: it must be an object/],
      [
        `printf '{"a":"'; head -c ${RESULT_BYTES_MAX} /dev/zero | tr "\\0" x; printf '"}'`,
        'permanent',
        /takes 16392 bytes as JSON, of 16384 at most: keep it elsewhere, and write where it is as a JSON string\.$/,
      ],
      [`head -c 2000000 /dev/zero`, 'permanent', /takes 2000000 bytes as JSON/],
      [`echo '[1]'`, 'permanent', /is a list: it must be an object/],
      [`echo '""'`, 'permanent', /has 0 characters, and must have 1 to 2000/],
      [`printf '{"half'`, 'retryable', /is not JSON\.$/],
    ])('that cannot be taken fails the attempt: %s', async (write, failureClass, message) => {
      expect(await outcomeOf(`{ ${write}; } > "$TORCH_RESULT_FILE"`)).toMatchObject({
        outcome: 'failed',
        class: failureClass,
        reason: 'harness',
        exitCode: 0,
        message: expect.stringMatching(message),
      });
    });

    it('is not waited for on a pipe', async () => {
      expect(await outcomeOf('mkfifo "$TORCH_RESULT_FILE"')).toMatchObject({ message: expect.stringContaining('is not a file') });
    });
  });

  describe('a failure', () => {
    it('of exit code 75 is a rate limit, until when it says', async () => {
      expect(await outcomeOf('echo \'{"retryAtMs": 1795000000000}\' > "$TORCH_RESULT_FILE"; exit 75')).toMatchObject({
        outcome: 'failed',
        class: 'rate-limited',
        retryAtMs: 1795000000000,
      });
      const before = Date.now();
      const { retryAtMs } = (await outcomeOf('echo \'{"retryAfterMs": 5000}\' > "$TORCH_RESULT_FILE"; exit 75')) as { retryAtMs: number };
      expect(retryAtMs - before).toBeGreaterThanOrEqual(5000);
      expect(retryAtMs - before).toBeLessThan(20_000);
    });

    it('of exit code 75 without a time waits for a minute', async () => {
      const before = Date.now();
      const { retryAtMs } = (await outcomeOf('exit 75')) as { retryAtMs: number };
      expect(retryAtMs - before).toBeGreaterThanOrEqual(RATE_LIMIT_WAIT_MS_DEFAULT);
    });

    it('of exit code 77 is for good, and may say why', async () => {
      expect(await outcomeOf('echo \'{"message": "No such branch."}\' > "$TORCH_RESULT_FILE"; exit 77')).toMatchObject({
        class: 'permanent',
        reason: 'exit-code',
        exitCode: 77,
        message: 'The command ended with exit code 77, for good: No such branch.',
      });
    });

    it.each([
      ['budget', 1, ', with nothing left to spend'],
      ['permanent', 1, ', for good'],
      ['retryable', 77, ''],
    ])('is %s when its file says so, whatever the exit code', async (failureClass, exitCode, inWords) => {
      const said = JSON.stringify({ class: failureClass, message: 'No credit.' });
      const outcome = await outcomeOf(`echo '${said}' > "$TORCH_RESULT_FILE"; exit ${exitCode}`);
      const message = `The command ended with exit code ${exitCode}${inWords}: No credit.`;
      expect(outcome).toMatchObject({ outcome: 'failed', class: failureClass, reason: 'exit-code', exitCode, message });
      expect(outcome).not.toHaveProperty('retryAtMs');
    });

    it('is a rate limit when its file says so, until when it says', async () => {
      const said = '{"class": "rate-limited", "retryAtMs": 1795000000000}';
      expect(await outcomeOf(`echo '${said}' > "$TORCH_RESULT_FILE"; exit 2`)).toMatchObject({
        class: 'rate-limited',
        retryAtMs: 1795000000000,
        exitCode: 2,
      });
    });

    it.each(['"none"', '7', '["budget"]', 'null'])('goes by its exit code when its file names no class: %s', async (named) => {
      const run = `echo '{"class": ${named}}' > "$TORCH_RESULT_FILE"; exit`;
      expect(await outcomeOf(`${run} 77`)).toMatchObject({ class: 'permanent' });
      expect(await outcomeOf(`${run} 1`)).toMatchObject({ class: 'retryable' });
    });

    it('hands no result over', async () => {
      const outcome = await outcomeOf('echo \'{"answer": 42}\' > "$TORCH_RESULT_FILE"; exit 3');
      expect(outcome).toMatchObject({ outcome: 'failed', class: 'retryable', exitCode: 3 });
      expect(outcome).not.toHaveProperty('result');
    });
  });

  describe('usage', () => {
    it('is reported while the command runs, and at its end', async () => {
      const go = join(folder, 'go');
      const line = (tokens: number): string => `echo '{"inputTokens":${tokens},"costUsd":0.5}' >> "$TORCH_USAGE_FILE"`;
      const { said, outcome } = begin({ run: `${line(10)}; until [ -e ${go} ]; do sleep 0.02; done; ${line(25)}` });
      await until('the first report', () => said.progress.length > 0);
      expect(said.progress).toEqual([{ usage: { inputTokens: 10, costUsd: 0.5 } }]);
      writeFileSync(go, '');
      expect(await outcome).toMatchObject({ outcome: 'completed', usage: { inputTokens: 25, costUsd: 0.5 } });
    });

    it('is kept when the command fails', async () => {
      expect(await outcomeOf('echo \'{"outputTokens":7}\' > "$TORCH_USAGE_FILE"; exit 1')).toMatchObject({
        outcome: 'failed',
        usage: { outputTokens: 7 },
      });
    });

    it('counts the last word on each field, and says what was not understood', async () => {
      const lines = ['{"inputTokens":1,"model":"m-1"}', '{"inputTokens":-1}', 'what', '{"inputTokens":3}'];
      const { said, outcome } = begin({ run: `printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')} > "$TORCH_USAGE_FILE"` });
      expect(await outcome).toMatchObject({ usage: { inputTokens: 3, model: 'm-1' } });
      expect(said.output).toMatch(/^\[torch\] 2 line\(s\) of TORCH_USAGE_FILE were not understood; the first: {"inputTokens":-1}/);
    });

    it('is absent when nothing was said', async () => {
      expect(await outcomeOf('true')).not.toHaveProperty('usage');
    });
  });

  it('leave no files behind', async () => {
    const left = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('torch-task-'));
    const path = await outputOf('echo {} > "$TORCH_RESULT_FILE"; printf %s "$TORCH_RESULT_FILE"');
    expect(left().map((name) => join(tmpdir(), name, 'result.json'))).not.toContain(path);
    expect(existsSync(path)).toBe(false);
  });
});
