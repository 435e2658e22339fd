import { InMemoryLogServer } from '@torch/log';
import { join } from 'node:path';
import { type CapturedIo, capturedIo, runCaptured } from '../doubles/captured-io';
import { TorchWorld } from '../doubles/torch.world.fixture';
import type { WhyGraph, WhyNode } from '../why/why.graph';

describe('torch why', () => {
  let world: TorchWorld;
  let io: CapturedIo;

  /** One task is given up after a lost lease and a failure; another one needs it. A third, of another run, goes well. */
  beforeAll(async () => {
    world = await TorchWorld.create(new InMemoryLogServer());
    await world.send('user:ada', 'CreateProject', {});
    await world.register('w1', 'worker', ['ts']);
    await world.submit(
      'r1',
      [
        { key: 'bad', skills: ['ts'] },
        { key: 'after', dependsOn: ['r1.bad'] },
      ],
      'cmd-r1',
    );
    await world.happened('task.attempt-failed', 'task/r1.bad');
    await world.report('StartTask', 'r1.bad');
    await world.report('FailTask', 'r1.bad', {
      class: 'retryable',
      reason: 'exit-code',
      message: 'It said "no" <loudly>.',
      exitCode: 3,
      durationMs: 40,
    });
    await world.happened('run.ended', 'run/r1');
    await world.submit('r2', [{ key: 'good' }]);
    await world.report('StartTask', 'r2.good');
    await world.send('service:registry', 'LoseAgent', { agentId: 'w1', lastSeenAtMs: 1, reason: 'No heartbeat.' });
    await world.happened('task.requeued', 'task/r2.good');
    io = capturedIo();
    await world.archive(join(io.cwd, '.torch/audit'), { sealBehind: [3] });
  });
  afterAll(() => world.end());

  const why = async (...args: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await runCaptured(['why', ...args], capturedIoAt(io));
    expect({ exitCode, stderr: stderr.replace(/^Indexing.*\n/gm, '') }).toEqual({ exitCode: 0, stderr: '' });
    return stdout;
  };
  const graphOf = async (subject: string): Promise<WhyGraph> => JSON.parse(await why(subject, '--json')) as WhyGraph;
  const types = ({ nodes }: WhyGraph, ids: readonly string[]): string[] =>
    ids.map((id) => (nodes.find((node) => node.id === id) as WhyNode).type);
  const causes = (graph: WhyGraph, type: string): string[] => {
    const of = graph.nodes.filter((node) => node.type === type).map(({ id }) => id);
    const found = graph.edges.filter(({ to }) => of.includes(to)).map(({ from, relation }) => `${relation} ${types(graph, [from])[0]}`);
    return [...new Set(found)].sort();
  };

  it('tells who asked for a task, why it went to which agent, what went wrong, and what followed', async () => {
    const graph = await graphOf('task/r1.bad');
    expect(types(graph, graph.story)).toEqual([
      'task.submitted',
      'task.assigned',
      'task.attempt-failed',
      'task.retry-scheduled',
      'task.requeued',
      'task.assigned',
      'task.started',
      'task.attempt-failed',
      'task.dead-lettered',
    ]);
    expect(causes(graph, 'task.submitted')).toEqual(['asked SubmitRun', 'before run.submitted']);
    expect(graph.nodes.find(({ type }) => type === 'SubmitRun')).toMatchObject({
      kind: 'command',
      actor: 'user:ada',
      id: 'command/cmd-r1',
    });
    const [assigned] = graph.nodes.filter(({ type }) => type === 'task.assigned');
    expect(assigned?.evidence).toMatchObject({
      agentId: 'w1',
      attempt: 1,
      match: 'w1 is a worker with ts; the task asks for a worker with ts',
    });
    // What a turn concludes from several things names none of them, so nothing is said of the causes here.
    expect(causes(graph, 'task.assigned')).toEqual(
      expect.arrayContaining(['before task.requeued', 'before task.submitted', 'evidence agent.registered']),
    );
    const [expired, failed] = graph.nodes.filter(({ type }) => type === 'task.attempt-failed');
    expect(expired?.evidence).toMatchObject({ reason: 'lease-expired', attempt: 1 });
    expect(failed).toMatchObject({ actor: 'agent:w1', evidence: { reason: 'exit-code', exitCode: 3 } });
    expect(causes(graph, 'task.attempt-failed')).toEqual(['asked FailTask', 'before task.assigned', 'before task.started', 'caused timer']);
    expect(
      types(
        graph,
        graph.nodes.map(({ id }) => id),
      ),
    ).toEqual(expect.arrayContaining(['run.ended', 'task.skipped']));
  });

  it('draws it as a tree, each thing once', async () => {
    const lines = (await why('task/r1.bad')).split('\n');
    expect(lines[0]).toBe('task/r1.bad in project default: task.dead-lettered');
    expect(lines.filter((line) => line.includes('agent.registered  agent/w1'))).toHaveLength(1);
    expect(lines.filter((line) => /^\d+-0 .* task\./.test(line))).toHaveLength(9);
    const thens = lines.filter((line) => line.includes('→ then'));
    expect(new Set(thens).size).toBe(thens.length);
    expect(lines.findLast((line) => /^\d.* task\.dead-lettered/.test(line))).toContain('by scheduler, for agent:w1: attempts-exhausted');
    expect(lines.join('\n')).toMatch(/├─ asked by SubmitRun by user:ada, id cmd-r1/);
    expect(lines.join('\n')).toMatch(/→ then \d+-0 .* run\.ended .*failed: 0 completed/);
  });

  it('draws it as a Mermaid flowchart', async () => {
    const text = await why('task/r1.bad', '--format', 'mermaid');
    const graph = await graphOf('task/r1.bad');
    expect(parseFlowchart(text.trimEnd())).toEqual({ nodes: graph.nodes.length, edges: graph.edges.length });
    expect(text).toContain('It said #34;no#34; #60;loudly#62;.');
  });

  it('follows a reaction to the event of another service', async () => {
    const graph = await graphOf('task/r2.good');
    expect(causes(graph, 'task.attempt-failed')).toEqual(['before task.started', 'caused agent.lost']);
    expect(causes(graph, 'agent.lost')).toContain('before agent.registered');
  });

  it('tells why a run ended as it did', async () => {
    const graph = await graphOf('run/r1');
    expect(types(graph, graph.story)).toEqual(['run.submitted', 'run.ended']);
    expect(causes(graph, 'run.ended')).toEqual(
      expect.arrayContaining(['before run.submitted', 'evidence task.dead-lettered', 'evidence task.skipped']),
    );
    expect(graph.nodes.find(({ type }) => type === 'run.ended')?.says).toContain('failed: 0 completed');
  });

  it('tells what an agent’s loss led to', async () => {
    const graph = await graphOf('agent/w1');
    expect(types(graph, graph.story)).toEqual(['agent.registered', 'agent.lost']);
    const lost = graph.story[1];
    const followed = graph.edges.filter(({ from }) => from === lost).map(({ to }) => to);
    expect(types(graph, followed)).toContain('task.attempt-failed');
  });

  it('says what to do about a subject that nothing is about, or that is none', async () => {
    const at = capturedIoAt(io);
    expect(await runCaptured(['why', 'task/none'], at)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('Nothing in the history of project default is about task/none. Look for the id with') as string,
    });
    expect(await runCaptured(['why', 'lint'], capturedIoAt(io))).toMatchObject({ exitCode: 2 });
  });
});

/** New streams over the same folder. */
function capturedIoAt({ cwd }: CapturedIo): CapturedIo {
  return { ...capturedIo(), cwd };
}

/** Reads the part of Mermaid's flowchart that is needed here and nothing else. @throws Error naming the line. */
function parseFlowchart(text: string): { nodes: number; edges: number } {
  const [head, ...lines] = text.split('\n');
  if (head !== 'flowchart TD') throw new Error(`Not a flowchart: ${head}`);
  const label = '"(?:[^"#<>&`\\\\]|#\\d+;|<br/>)+"';
  const node = new RegExp(`^  (n\\d+)(?:\\[${label}\\]|\\[\\[${label}\\]\\]|\\(\\[${label}\\]\\)|\\{\\{${label}\\}\\})$`);
  const nodes = new Set<string>();
  let edges = 0;
  for (const line of lines) {
    const [, name] = node.exec(line) ?? [];
    if (name !== undefined) {
      if (nodes.has(name) || edges > 0) throw new Error(`Declared twice, or behind an arrow: ${line}`);
      nodes.add(name);
      continue;
    }
    const [, from, to] = /^ {2}(n\d+) -->\|(?:asked|caused|evidence|before)\| (n\d+)$/.exec(line) ?? [];
    if (from === undefined || to === undefined || !nodes.has(from) || !nodes.has(to)) throw new Error(`No line of a flowchart: ${line}`);
    edges++;
  }
  return { nodes: nodes.size, edges };
}
