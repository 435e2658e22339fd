import { existsSync, readdirSync } from 'node:fs';
import { capturedIo, runCaptured } from './doubles/captured-io';
import { VERSION } from './version';

describe('the command line', () => {
  it.each([
    [['fly'], "unknown command 'fly'"],
    [['run'], 'Give one of: a plan, --follow <run>, --cancel <run>.'],
    [['run', 'a.yaml', '--follow', 'run-1'], 'Give one of: a plan, --follow <run>, --cancel <run>.'],
    [['run', 'no-such.yaml'], 'no-such.yaml: There is no such file.'],
    [['task', 'show'], "missing required argument 'task'"],
    [['task', 'list', '--status', 'odd'], 'Allowed choices are blocked, awaiting-approval'],
    [['task', 'list', '--limit', '0'], '--limit must be a whole number from 1 to 2000.'],
    [['up', '--port', '70000'], '--port must be a whole number from 0 to 65535.'],
    [['up', '--once'], '--once goes with --quickstart.'],
    [['status', '--no-such-option'], "unknown option '--no-such-option'"],
    [['log', 'show', 'seventh'], '"seventh" is not a log position'],
    [['project', 'create', 'Not_A_Name'], '"Not_A_Name" is not a project name'],
    [['send', 'builder', ' '], 'The message is empty.'],
    [['send', 'builder', 'hello', '--ttl', 'soon'], '--ttl "soon" must be a duration'],
    [['agent', 'run', '--role', 'Bad Role'], '--role "Bad Role" must be'],
  ])('%j is wrong usage', async (args, message) => {
    const { exitCode, stderr, stdout } = await runCaptured(args);
    expect(stderr).toContain(message);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  });

  it.each(['--version', '-V'])('says with %s which Torch it is', async (question) => {
    expect(await runCaptured([question])).toEqual({ exitCode: 0, stdout: `${VERSION}\n`, stderr: '' });
  });

  it.each([
    [['status']],
    [['task', 'list']],
    [['agent', 'list']],
    [['inbox']],
    [['pool', 'list']],
    [['task', 'explain', 't']],
    [['limit', 'list']],
    [['approvals']],
    [['context', 'list']],
    [['log', 'tail']],
    [['log', 'replay']],
    [['audit', 'verify']],
  ])('%j says that Torch is not running, and how to start it', async (args) => {
    const { exitCode, stderr } = await runCaptured(args);
    expect(stderr).toMatch(/Torch is not running on .*\.torch\. Start it with "torch up", or name another one/);
    expect(exitCode).toBe(3);
  });

  it('says the same as an object with --json', async () => {
    const { exitCode, stdout } = await runCaptured(['task', 'list', '--json']);
    expect(JSON.parse(stdout)).toEqual({ error: { code: 'not-running', message: expect.stringContaining('not running') as string } });
    expect(exitCode).toBe(3);
  });

  it('says that a named Torch is not reachable', async () => {
    const { exitCode, stderr } = await runCaptured(['status'], capturedIo({ TORCH_URL: 'http://127.0.0.1:1', TORCH_TOKEN: 't' }));
    expect(stderr).toContain('http://127.0.0.1:1 is not reachable');
    expect(exitCode).toBe(3);
  });

  it('has nothing to stop where nothing runs, and makes no folder for it', async () => {
    const io = capturedIo();
    expect(await runCaptured(['down'], io)).toMatchObject({ exitCode: 0, stdout: `Torch is not running on ${io.cwd}/.torch.\n` });
    expect(existsSync(`${io.cwd}/.torch`)).toBe(false);
    expect(readdirSync(io.cwd)).toEqual([]);
  });

  it('explains every command, with an example', async () => {
    for (const args of [
      ['up'],
      ['down'],
      ['status'],
      ['run'],
      ['task', 'list'],
      ['task', 'logs'],
      ['task', 'explain'],
      ['task', 'redrive'],
      ['agent', 'run'],
      ['agent', 'update'],
      ['stop-all'],
      ['limit', 'set'],
      ['budget', 'set'],
      ['usage'],
      ['approve'],
      ['schedule', 'set'],
      ['claim', 'take'],
      ['context', 'set'],
      ['conflict', 'open'],
      ['send'],
      ['log', 'tail'],
      ['log', 'replay'],
      ['run', 'replay'],
      ['state', 'show'],
      ['state', 'diff'],
      ['why'],
      ['audit', 'report'],
      ['doctor'],
    ]) {
      const { exitCode, stdout } = await runCaptured([...args, '--help']);
      expect(exitCode).toBe(0);
      expect(stdout).toContain(`$ torch ${args.join(' ')}`);
      expect(stdout).toContain('--json');
    }
  });

  it('examines what is here and names a way out for everything that is not right', async () => {
    const { exitCode, stdout } = await runCaptured(['doctor', '--json'], capturedIo({ PATH: '/nowhere', TORCH_GATEWAY_PORT: '1' }));
    const { healthy, findings } = JSON.parse(stdout) as {
      healthy: boolean;
      findings: { check: string; verdict: string; wayOut?: string }[];
    };
    expect({ exitCode, healthy }).toEqual({ exitCode: 1, healthy: false });
    expect(findings.find(({ check }) => check === 'log server')).toMatchObject({
      verdict: 'bad',
      wayOut: expect.stringContaining('apt-get install redis-server') as string,
    });
    expect(findings.filter(({ verdict, wayOut }) => verdict !== 'ok' && !wayOut)).toEqual([]);
  });
});
