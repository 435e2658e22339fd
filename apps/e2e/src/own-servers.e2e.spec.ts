import { partitionOf, PARTITIONS_DEFAULT } from '@torch/log';
import { Keys } from '@torch/log-dragonfly';
import { startLogServer, type TestLogServer, waitUntil } from '@torch/testing';
import { Redis } from 'ioredis';
import { OtlpReceiver } from './otlp-receiver.fixture';
import { type RunResult, Torch } from './torch.fixture';

/**
 * Writes a log anew, with the first entry changed that completes a task, and gives that entry's position. In one step: what
 * an owner appends meanwhile would be lost. KEYS[1]: the log; ARGV: the task, what is there, what comes instead.
 */
const TAMPER = `
local entries = redis.call('XRANGE', KEYS[1], '-', '+')
local position = false
redis.call('DEL', KEYS[1])
for _, entry in ipairs(entries) do
  local fields = entry[2]
  local content = table.concat(fields, ' ')
  if not position and content:find('task.completed', 1, true) and content:find(ARGV[1], 1, true) then
    position = entry[1]
    for i, field in ipairs(fields) do fields[i] = field:gsub(ARGV[2], ARGV[3]) end
  end
  redis.call('XADD', KEYS[1], entry[1], unpack(fields))
end
return position`;

describe("a Torch with a collector and a log server of one's own, on which somebody may do everything", () => {
  const receiver = new OtlpReceiver();
  let server: TestLogServer;
  let torch: Torch;
  let run: RunResult;
  beforeAll(async () => {
    server = await startLogServer();
    torch = new Torch({ TORCH_LOG_URL: server.url, OTEL_EXPORTER_OTLP_ENDPOINT: await receiver.start() });
    await torch.up();
  }, 60_000);
  afterAll(async () => {
    await torch.down();
    torch.remove();
    receiver.stop();
    await server.stop();
  }, 30_000);

  it('makes one trace of a run, from the command line’s submission to the agent’s result', async () => {
    run = await torch.json<RunResult>(
      'run',
      torch.plan('one.json', { agents: [{ role: 'worker' }], tasks: [{ key: 'only', role: 'worker', run: 'true' }] }),
    );
    expect(run.status).toBe('completed');
    const expected = [
      ['torch-cli', 'torch run'],
      ['torch-gateway', 'POST /v1/projects/:project/runs'],
      ['torch-scheduler', 'decide SubmitRun'],
      ['torch-spawner', 'effect agent.spawn-requested'],
      ['torch-agent', 'agent.execute'],
      ['torch-scheduler', 'decide CompleteTask'],
    ];
    const missing = (): string[] => {
      const traceId = receiver.spans.find(({ service }) => service === 'torch-cli')?.traceId;
      const trace = receiver.spans.filter((span) => span.traceId === traceId);
      return expected
        .filter(([service, name]) => !trace.some((span) => span.service === service && span.name === name))
        .map(([, name]) => `${name}`);
    };
    // Each process sends its spans when it has gathered some, so they come in any order.
    await waitUntil(() => missing().length === 0, { what: 'every party’s spans in one trace', deadlineMs: 30_000 }).catch(() => undefined);
    expect(missing()).toEqual([]);
  }, 90_000);

  it('finds that it has been tampered with, in one event', async () => {
    const position = await tamper(run.results[0]?.taskId as string);
    const replay = await torch.cli('--json', 'log', 'replay');
    expect(replay).toMatchObject({ code: 1 });
    expect(JSON.parse(replay.stdout)).toMatchObject({ equal: false });
    const verify = await torch.cli('audit', 'verify');
    expect(verify.code).toBe(1);
    expect(verify.stdout + verify.stderr).toContain(position);
  }, 60_000);

  async function tamper(taskId: string): Promise<string> {
    const redis = new Redis(torch.state().logUrl, { protocol: 2 });
    try {
      const log = new Keys().log(partitionOf('default', PARTITIONS_DEFAULT));
      return (await redis.eval(TAMPER, 1, log, taskId, '"exitCode":0', '"exitCode":7')) as string;
    } finally {
      redis.disconnect();
    }
  }
});
