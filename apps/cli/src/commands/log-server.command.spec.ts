import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capturedIo, runCaptured } from '../doubles/captured-io';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('torch log-server acl', () => {
  it('makes passwords once, for this user alone, and prints users who have them', async () => {
    const io = capturedIo();
    const { exitCode, stdout, stderr } = await runCaptured(['log-server', 'acl', '--passwords', 'secret.json'], io);
    const file = join(io.cwd, 'secret.json');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringContaining(`${file}, which was made`) as string });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const passwords = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    for (const [user, password] of Object.entries(passwords))
      expect(stdout).toMatch(new RegExp(`^user ${user} on #${sha256(password)} `, 'm'));
    expect(Object.keys(passwords)).toHaveLength(6);
    const again = await runCaptured(['--json', 'log-server', 'acl', '--kind', 'valkey', '--passwords', 'secret.json'], {
      ...capturedIo(),
      cwd: io.cwd,
    });
    expect(JSON.parse(again.stdout)).toMatchObject({ kind: 'valkey', aclfile: stdout });
  });

  it('says who is missing in a file that was given, and which kinds there are', async () => {
    const io = capturedIo();
    writeFileSync(join(io.cwd, 'some.json'), '{"torch-audit":"a"}');
    const missing = await runCaptured(['log-server', 'acl', '--passwords', 'some.json'], io);
    expect(missing).toMatchObject({ exitCode: 1, stdout: '' });
    expect(missing.stderr).toContain(
      'some.json has no password for torch-gateway, torch-registry, torch-scheduler, torch-spawner, torch-reader.',
    );
    expect(await runCaptured(['log-server', 'acl', '--kind', 'nats'])).toMatchObject({ exitCode: 2 });
  });
});
