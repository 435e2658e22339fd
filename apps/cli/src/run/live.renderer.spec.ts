import { capturedIo } from '../doubles/captured-io';
import { LiveRenderer } from './live.renderer';
import { RunProgress, type TaskStep, type WatchedTask } from './run.progress';

const task = (key: string, status: WatchedTask['status'], agentId?: string): WatchedTask => ({
  key,
  title: key,
  status,
  attempt: 1,
  agentId,
  sinceMs: Date.now(),
});
const stepOf = (of: WatchedTask, what: TaskStep['what'], detail?: string): TaskStep => ({
  task: of,
  atMs: 0,
  what,
  detail,
  durationMs: what === 'completed' ? 1200 : undefined,
});

/** What a terminal shows after it was written to. */
function screenOf(written: string): string[] {
  const lines = [''];
  for (const part of written.split(/(\u001b\[[0-9?]*[A-Za-z]|\n|\r)/)) {
    if (part === '\n') lines.push('');
    else if (/^\u001b\[\d+A$/.test(part)) lines.splice(lines.length - 1 - Number(part.slice(2, -1)), Infinity, '');
    else if (!part.startsWith('\u001b') && part !== '\r') lines[lines.length - 1] += part;
  }
  return lines;
}

describe('the live renderer', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  function render(tasks: WatchedTask[], terminal = { columns: 60, rows: 10 }) {
    const io = capturedIo({}, terminal);
    const progress = new RunProgress('run-1', new Map(tasks.map((one) => [one.key, one])));
    const renderer = new LiveRenderer(io.stdout, progress, { colours: false });
    return { renderer, screen: () => screenOf(io.written.stdout), written: () => io.written.stdout };
  }

  it('keeps what has ended above, and redraws what runs below it', () => {
    const [lint, test] = [task('lint', 'running', 'dev-1'), task('test', 'blocked')];
    const { renderer, screen } = render([lint, test]);
    expect(screen()).toEqual([
      expect.stringMatching(/^⠋ lint {2}\d+ ms +dev-1$/),
      expect.stringMatching(/^0\/2 done, 1 running, 1 blocked {2}/),
      '',
    ]);
    lint.status = 'completed';
    renderer.step(stepOf(lint, 'completed'));
    Object.assign(test, task('test', 'running', 'dev-2'), { percent: 40, note: 'half way' });
    jest.advanceTimersByTime(100);
    expect(screen()).toEqual([
      '✓ lint  completed after 1.2 s',
      expect.stringMatching(/^⠙ test .*dev-2 {2}40 % half way$/),
      expect.stringMatching(/^1\/2 done, 1 running {2}/),
      '',
    ]);
    renderer.close();
    expect(screen()).toEqual(['✓ lint  completed after 1.2 s', '']);
  });

  it('does not repeat what is only under way', () => {
    const one = task('lint', 'assigned', 'dev-1');
    const { renderer, screen } = render([one]);
    renderer.step(stepOf(one, 'assigned'));
    renderer.step(stepOf(one, 'started'));
    expect(screen()).toHaveLength(3);
    renderer.close();
  });

  it('shows no more running tasks than fit, and counts the others', () => {
    const { renderer, screen } = render(Array.from({ length: 20 }, (_, i) => task(`t${i}`, 'running', 'dev-1')));
    expect(screen()).toHaveLength(6 + 1 + 1 + 1);
    expect(screen()[6]).toBe('  … and 14 more');
    renderer.close();
  });

  it('cuts lines at the width of the terminal, since a wrapped line cannot be taken back', () => {
    const { renderer, screen } = render([{ ...task('lint', 'running', 'dev-1'), note: 'x'.repeat(200) }]);
    expect(screen().every((line) => line.length < 60)).toBe(true);
    renderer.close();
  });

  it('gives the cursor back', () => {
    const { renderer, written } = render([task('lint', 'running')]);
    expect(written().startsWith('\u001b[?25l')).toBe(true);
    renderer.close();
    expect(written().endsWith('\u001b[?25h')).toBe(true);
  });

  it('says that the gateway is away', () => {
    const { renderer, screen } = render([task('lint', 'running')]);
    renderer.connection(false);
    jest.advanceTimersByTime(100);
    expect(screen().at(-2)).toContain('(the gateway is away; trying');
    renderer.close();
  });
});
