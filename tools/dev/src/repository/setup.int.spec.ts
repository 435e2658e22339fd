import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from './program';
import { ROOT } from './workspace-copy';

jest.setTimeout(120_000);

interface Outcome {
  readonly outcome?: string;
  readonly error?: string;
  readonly said: readonly string[];
}

const DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n';
const UBUNTU_LIKE = 'ID=linuxmint\nID_LIKE="ubuntu debian"\n';
const FEDORA = 'ID=fedora\nID_LIKE="rhel"\n';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'torch-setup-'));
  mkdirSync(join(folder, 'bin'));
  for (const name of ['sh', 'chmod', 'rm', 'cat']) symlinkSync(`/bin/${name}`, join(folder, 'bin', name));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);
const putProgram = (name: string, script = ''): void => {
  writeFileSync(at(`bin/${name}`), `#!${at('bin/sh')}\n${script}\n`);
  chmodSync(at(`bin/${name}`), 0o755);
};

/** Calls one function of the plain Node scripts, in a Node of its own, with `say` first. */
async function call(module: string, name: string, argument: string): Promise<Outcome> {
  const script = `
    import { ${name} } from '${join(ROOT, 'tools/dev', module)}';
    const said = [];
    const result = await ${name}((line) => said.push(line), ${argument}).then((outcome) => ({ outcome }), (error) => ({ error: error.message }));
    console.log(JSON.stringify({ ...result, said }));`;
  const { stdout, stderr } = await runProgram(process.execPath, ['--input-type=module', '-e', script], { cwd: ROOT, env: process.env });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Outcome;
}

describe('the search for a log server', () => {
  const search = (machine: { env?: Record<string, string>; root?: boolean; os?: string } = {}): Promise<Outcome> => {
    writeFileSync(at('os-release'), machine.os ?? FEDORA);
    const env = { PATH: at('bin'), ...machine.env };
    return call(
      'log-server.mjs',
      'ensureLogServer',
      JSON.stringify({ env, root: machine.root ?? false, osRelease: at('os-release'), servicePolicy: at('policy-rc.d') }),
    );
  };

  it('takes the one that TORCH_LOG_URL names', async () => {
    putProgram('redis-server');
    expect((await search({ env: { TORCH_LOG_URL: 'redis://elsewhere:6379' } })).outcome).toBe('the one that TORCH_LOG_URL names');
  });

  it('prefers Dragonfly to Valkey to Redis on the PATH', async () => {
    for (const name of ['redis-server', 'valkey-server', 'dragonfly']) {
      putProgram(name);
      expect(await search({ os: DEBIAN, root: true })).toEqual({ outcome: at(`bin/${name}`), said: [] });
    }
  });

  it('passes over a file that is no program', async () => {
    writeFileSync(at('bin/dragonfly'), 'text');
    putProgram('redis-server');
    expect((await search()).outcome).toBe(at('bin/redis-server'));
  });

  it.each([
    ['another system, as root', { os: FEDORA, root: true }, ['apt-get']],
    ['Debian without apt-get', { os: DEBIAN, root: true }, []],
    ['Debian, a user without sudo', { os: DEBIAN }, ['apt-get']],
  ])('names the three ways to get one on %s', async (_, machine, programs) => {
    for (const name of programs) putProgram(name, 'exit 99');
    const { error, said } = await search(machine);
    expect(said).toEqual([]);
    expect(error).toMatch(/^There is no log server\. One of these three/);
    expect(error).toContain('1. Install redis-server 7 or later');
    expect(error).toContain('2. Put dragonfly (1.40 or later), valkey-server or redis-server on the PATH.');
    expect(error).toContain('3. Start one elsewhere and name it: TORCH_LOG_URL=redis://host:port');
  });

  it('names the three ways to get one where sudo wants a password', async () => {
    putProgram('apt-get', 'exit 99');
    putProgram('sudo', `printf '%s\\n' "$*" >> ${at('sudo-calls')}; exit 1`);
    expect((await search({ os: DEBIAN })).error).toMatch(/^There is no log server/);
    expect(readFileSync(at('sudo-calls'), 'utf8')).toBe('-n true\n');
  });

  describe('installs redis-server', () => {
    /** Notes whether services may start while it works, and "installs" the program. */
    const apt = (): string => `
      echo "$@" >> ${at('apt-calls')}
      [ "$DEBIAN_FRONTEND" = noninteractive ] || exit 1
      case "$*" in *install*) ;; *) exit 0 ;; esac
      ${at('policy-rc.d')}; echo "policy $?" >> ${at('apt-calls')}
      echo > ${at('bin/redis-server')}; chmod 755 ${at('bin/redis-server')}`;
    beforeEach(() => putProgram('apt-get', apt()));

    it('as root on Debian, after one line that says so, and lets no server of the system start', async () => {
      putProgram('systemctl', `echo "$@" >> ${at('systemctl-calls')}`);
      const { outcome, said } = await search({ os: DEBIAN, root: true });
      expect(outcome).toBe(`${at('bin/redis-server')}, just installed`);
      expect(said).toEqual(['none on the PATH: apt-get install -y redis-server …']);
      expect(readFileSync(at('apt-calls'), 'utf8')).toMatch(/install -y --no-install-recommends redis-server\npolicy 101\n$/);
      expect(existsSync(at('policy-rc.d'))).toBe(false);
      expect(readFileSync(at('systemctl-calls'), 'utf8')).toBe('disable redis-server\n');
    });

    it('with sudo that needs no password, on a relative of Ubuntu', async () => {
      putProgram('sudo', 'shift; exec "$@"');
      putProgram('true');
      expect((await search({ os: UBUNTU_LIKE })).outcome).toContain('just installed');
    });

    it('leaves a service policy of the machine alone', async () => {
      putProgram('policy');
      symlinkSync(at('bin/policy'), at('policy-rc.d'));
      expect((await search({ os: DEBIAN, root: true })).outcome).toContain('just installed');
      expect(existsSync(at('policy-rc.d'))).toBe(true);
    });

    it('reads the package lists first where the package is not known yet', async () => {
      putProgram('apt-get', `case "$*" in *update*) : > ${at('updated')} ;; *) [ -e ${at('updated')} ] || exit 100 ;; esac\n${apt()}`);
      expect((await search({ os: DEBIAN, root: true })).outcome).toContain('just installed');
    });

    it('and says what apt-get wrote when that fails, with the three ways', async () => {
      putProgram('apt-get', 'echo "E: Unable to locate package redis-server" >&2; exit 100');
      const { error } = await search({ os: DEBIAN, root: true });
      expect(error).toMatch(
        /Unable to locate package redis-server\nInstalling redis-server failed with exit code 1\.\nThere is no log server\./,
      );
      expect(existsSync(at('policy-rc.d'))).toBe(false);
    });
  });
});

describe('the dependencies', () => {
  const install = `async (root) => { (await import('node:fs')).mkdirSync(root + '/node_modules', { recursive: true }); }`;
  const ensure = (): Promise<Outcome> => call('dependencies.mjs', 'ensureDependencies', `{ root: '${folder}', install: ${install} }`);
  const lock = (version: string): string =>
    JSON.stringify({
      packages: { '': {}, 'node_modules/left': { version, integrity: version }, 'node_modules/native': { version, optional: true } },
    });

  beforeEach(() => writeFileSync(at('package-lock.json'), lock('1.0.0')));

  it('are installed once, and again when the lock changes', async () => {
    expect(await ensure()).toEqual({ outcome: 'installed', said: ['npm ci, because node_modules is missing …'] });
    expect(await ensure()).toEqual({ outcome: 'as package-lock.json says', said: [] });
    writeFileSync(at('package-lock.json'), lock('1.0.1'));
    expect(await ensure()).toEqual({ outcome: 'installed', said: ['npm ci, because package-lock.json changed …'] });
    expect(await ensure()).toEqual({ outcome: 'as package-lock.json says', said: [] });
  });

  it.each([
    ['as they are when npm was run by hand for this lock', '1.0.0', 'as package-lock.json says'],
    ['again when npm was run by hand for another one', '0.9.0', 'installed'],
  ])('are taken %s', async (_, version, outcome) => {
    mkdirSync(at('node_modules'));
    writeFileSync(
      at('node_modules/.package-lock.json'),
      JSON.stringify({ packages: { 'node_modules/left': { version, integrity: version } } }),
    );
    expect((await ensure()).outcome).toBe(outcome);
  });

  it('need a Node that is new enough', async () => {
    const script = `import { checkNode } from '${join(ROOT, 'tools/dev/dependencies.mjs')}'; checkNode('22.1.0'); checkNode('20.19.0'); checkNode('20.18.3');`;
    const { stderr } = await runProgram(process.execPath, ['--input-type=module', '-e', script], { cwd: ROOT, env: process.env });
    expect(stderr).toContain('Torch needs Node 20.19 or later; this is Node 20.18.3.');
  });
});
