import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Notary, type NotaryPlace, rotateNotaryKey } from '@torch/archive';
import { auditDecider, type AuditState, formatVkey } from '@torch/domain-audit';
import type { OwnCommand } from '@torch/host';
import { DeciderRun } from '@torch/testing';
import { NotaryKeys } from './notary-keys';

let dir: string;
let place: NotaryPlace;
let log: DeciderRun<AuditState>;
let problems: unknown[];
let keys: NotaryKeys;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'torch-notary-keys-'));
  place = { dataDir: join(dir, 'data'), archiveDir: join(dir, 'archive') };
  log = new DeciderRun(auditDecider);
  problems = [];
  keys = new NotaryKeys(place, (_partition, error) => problems.push(error));
  keys.take({
    partition: 3,
    state: () => log.state,
    submit: (_project, { type, data }: OwnCommand) => Promise.resolve(void log.decide({ type, data: data as object })),
  });
});
afterEach(() => rmSync(dir, { recursive: true }));

const open = (): Promise<Notary> => Notary.open({ ...place, logId: 'log-1' });
const told = (): string[] => log.log.map(({ type, data }) => `${type} ${(data as { vkey: string }).vkey}`);

describe("the log's knowledge of keys", () => {
  it('begins with the first key, and hears of it once', async () => {
    const notary = await open();
    await keys.record(3, notary);
    await keys.record(3, await open());
    expect(told()).toEqual([`notary.key-introduced ${formatVkey(notary.key)}`]);
    expect(keys.trusted(3, notary).map(({ id }) => id)).toContain(notary.key.id);
  });

  it('catches up with every key that came in between', async () => {
    const first = await open();
    await keys.record(3, first);
    await rotateNotaryKey(place, 1000);
    const { key } = await rotateNotaryKey(place, 2000);
    const notary = await open();
    await keys.recordAll(notary);
    await keys.recordAll(notary);
    expect(told()).toEqual([
      `notary.key-introduced ${formatVkey(first.key)}`,
      expect.stringMatching(/^notary\.key-rotated torch\/log-1\/notary-2/),
      `notary.key-rotated ${formatVkey(key)}`,
    ]);
    expect(problems).toEqual([]);
    expect(new Set(keys.trusted(3, notary).map(({ name }) => name))).toEqual(
      new Set(['torch/log-1/notary-1', 'torch/log-1/notary-2', 'torch/log-1/notary-3']),
    );
  });

  it('tells of what could not be recorded, and knows nothing of partitions that are not owned', async () => {
    const notary = await open();
    keys.take({ partition: 4, state: () => log.state, submit: () => Promise.reject(new Error('away')) });
    await keys.record(4, notary);
    expect(problems).toEqual([new Error('away')]);
    keys.release(3);
    await keys.record(3, notary);
    expect(told()).toEqual([]);
    expect(keys.trusted(3, notary)).toEqual([notary.key]);
  });
});
