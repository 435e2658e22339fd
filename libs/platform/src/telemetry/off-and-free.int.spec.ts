import { join } from 'node:path';
import { BundledProgram } from '../bundled-program.fixture';

const telemetry = new BundledProgram(join(__dirname, '../telemetry.ts'));
afterAll(() => telemetry.remove());

/** Packages that a fresh process has loaded after `script`, which finds the telemetry's exports as `telemetry`. */
async function packagesLoadedBy(script: string): Promise<string[]> {
  const program = telemetry.start(
    {},
    '-e',
    `
    const telemetry = require(${JSON.stringify(telemetry.file)});
    (async () => {
      ${script}
      const names = Object.keys(require.cache).map((file) => /node_modules\\/((?:@[^/]+\\/)?[^/.][^/]*)/.exec(file)?.[1]);
      process.stdout.write(JSON.stringify([...new Set(names)].filter(Boolean)), () => process.exit());
    })();
  `,
  );
  expect([await program.ended, program.stderr]).toEqual([0, '']);
  return JSON.parse(program.stdout) as string[];
}

describe('telemetry that is off', () => {
  it('loads nothing of OpenTelemetry, nor anything else', async () => {
    const use = "const t = await telemetry.startTelemetry('x', undefined); await telemetry.withSpan('a', {}, () => 1); await t.shutdown();";
    expect(await packagesLoadedBy(use)).toEqual([]);
  });

  it('would be seen to load it', async () => {
    const packages = await packagesLoadedBy("await telemetry.startTelemetry('x', 'http://127.0.0.1:9');");
    expect(packages).toEqual(
      expect.arrayContaining(['@opentelemetry/api', '@opentelemetry/sdk-node', '@opentelemetry/exporter-trace-otlp-http']),
    );
  });
});
