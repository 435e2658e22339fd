import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSpawnerConfig, SPAWNER_DEFAULTS } from './spawner.config';

describe("the spawner's environment", () => {
  it('names the command that agents are run with', () => {
    const config = readSpawnerConfig({ TORCH_AGENT_COMMAND: '["node","/opt/torch/cli/main.js"]' });
    expect(config).toEqual({ ...SPAWNER_DEFAULTS, agentCommand: ['node', '/opt/torch/cli/main.js'] });
  });

  it('needs no name for a command that is deployed beside the service', () => {
    const root = mkdtempSync(join(tmpdir(), 'torch-apps-'));
    mkdirSync(join(root, 'cli'));
    writeFileSync(join(root, 'cli/main.js'), '');
    expect(readSpawnerConfig({}, join(root, 'spawner/main.js')).agentCommand).toEqual([process.execPath, join(root, 'cli/main.js')]);
    rmSync(root, { recursive: true });
  });

  it('says what is missing, and names every variable that is wrong', () => {
    expect(() => readSpawnerConfig({}, '/nowhere/spawner/main.js')).toThrow(
      'TORCH_AGENT_COMMAND is not set, and there is no /nowhere/cli/main.js',
    );
    for (const text of ['torch', '[]', '{}', '[1]'])
      expect(() => readSpawnerConfig({ TORCH_AGENT_COMMAND: text })).toThrow(/TORCH_AGENT_COMMAND is .* JSON list/);
    expect(() => readSpawnerConfig({ TORCH_AGENT_COMMAND: '', TORCH_SPAWNER_START_MS: 'soon', TORCH_SPAWNER_LOG_BYTES_MAX: '-1' })).toThrow(
      /TORCH_AGENT_COMMAND[^]*START_MS[^]*LOG_BYTES_MAX/,
    );
  });
});
