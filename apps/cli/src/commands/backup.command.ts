import {
  type BackupVerdict,
  chooseBackup,
  createBackup,
  type CreatedBackup,
  type ListedBackup,
  listBackups,
  loadNotaryKey,
  readBackup,
  readVerifierKeys,
  restoreBackup,
  type RestoredBackup,
  verifyBackup,
} from '@torch/archive';
import { partitionOf, PARTITIONS_MAX } from '@torch/log';
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { backupStore, PLACE_HELP } from '../backup/backup.place';
import { restorePoint } from '../backup/backup.point';
import { backupSettings } from '../backup/backup.settings';
import { action, type CliContext } from '../cli-context';
import { wrongUsage } from '../cli.errors';
import { EXIT } from '../exit-code';
import { POINT_HELP } from '../history/history.point';
import { bytes, dateTime } from '../text/format';
import { table } from '../text/table';
import { VERSION } from '../version';
import { type CommandGroup, examples, wholeNumber } from './command-group';

const PROGRESS_EVERY_MS = 1000;

interface StoreOption {
  readonly store?: string;
}

export const backupCommand: CommandGroup = (program, io, exit) => {
  const backup = program.command('backup').description('Makes backups of the archive, looks after them, and starts over from one.');
  backup
    .command('create')
    .description(
      'Copies the archive as of the newest checkpoint of every partition, with public keys and settings; Torch may go on meanwhile. What has not changed is taken over from the backup before.',
    )
    .option('--store <place>', PLACE_HELP)
    .option('--out <dir>', 'the same, for a directory')
    .option('--archive <dir>', 'the archive; default: TORCH_ARCHIVE_DIR, or audit in the data directory')
    .addHelpText('after', examples('torch backup create --out /backup/torch', 'torch backup create --store s3://backups/torch --json'))
    .action(action(io, exit, create));
  backup
    .command('list')
    .description('Lists the backups, oldest first.')
    .option('--store <place>', PLACE_HELP)
    .addHelpText('after', examples('torch backup list --store /backup/torch'))
    .action(action(io, exit, list));
  backup
    .command('verify')
    .argument('[backup]', 'its id; default: the newest')
    .description(
      'Recomputes every hash of a backup, and verifies the archive in it. Needs no running Torch. Exits with 1 when something does not hold.',
    )
    .option('--store <place>', PLACE_HELP)
    .option('--key <file>', "public keys that you trust, from elsewhere; default: the backup's own, which prove only that it fits together")
    .addHelpText('after', examples('torch backup verify --store /backup/torch --key notary.pub'))
    .action(action(io, exit, verify));
  backup
    .command('restore')
    .argument('[backup]', 'its id; default: the newest')
    .description('Puts a backup into an empty data directory. The next "torch up" there brings the log back.')
    .requiredOption('--into <dir>', 'a data directory that is empty or not there yet')
    .option('--store <place>', PLACE_HELP)
    .option('--at <time|position>', `only up to here: ${POINT_HELP}`)
    .option(
      '--partition <n>',
      "that a position is of; default: the project's",
      wholeNumber('--partition', { min: 0, max: PARTITIONS_MAX - 1 }),
    )
    .option('--notary-key <file>', 'the private key that signed so far; without it the notary goes on with a new one')
    .addHelpText(
      'after',
      examples(
        'torch backup restore --store /backup/torch --into /srv/torch',
        'torch backup restore --into new --at 2026-11-22T14:03:27Z',
        'torch up --data new',
      ),
    )
    .action(action(io, exit, restore));
};

async function create(context: CliContext, options: StoreOption & { out?: string; archive?: string }): Promise<void> {
  if (options.store !== undefined && options.out !== undefined) throw wrongUsage('Give either --store or --out.');
  const store = await backupStore(context, options.store ?? options.out);
  const tell = progress(context);
  const created = await createBackup({
    archiveDir: context.archiveDir(options.archive),
    store,
    settings: backupSettings({ io: context.io, dataDir: context.dataDir, runningHere: context.runningHere() }),
    version: VERSION,
    signer: loadNotaryKey({ dataDir: context.dataDir.root }),
    nowMs: Date.now(),
    chance: randomBytes(2).toString('hex'),
    onProgress: ({ partition, partitions, bytesCopied, bytesReused }) =>
      tell(() => `Partition ${partition + 1} of ${partitions}: ${bytes(bytesCopied)} copied, ${bytes(bytesReused)} taken over.`),
  });
  const { id, ends, files } = created.manifest;
  context.answer({ id, store: store.address, signed: created.isSigned, ends, files: files.length, ...bytesOf(created) }, () =>
    createdText(store.address, created),
  );
}

async function list(context: CliContext, { store: place }: StoreOption): Promise<void> {
  const store = await backupStore(context, place);
  const backups = await listBackups(store);
  context.answer(
    { store: store.address, backups: backups.map(({ manifest, ...rest }) => ({ ...rest, ...(manifest && shortOf(manifest)) })) },
    () => listText(store.address, backups),
  );
}

async function verify(
  context: CliContext,
  given: string | undefined,
  { store: place, key }: StoreOption & { key?: string },
): Promise<number> {
  const store = await backupStore(context, place);
  const id = await chooseBackup(store, given);
  const tell = progress(context);
  const verdict = await verifyBackup({
    store,
    id,
    keys: key === undefined ? undefined : await readVerifierKeys(resolve(context.io.cwd, key)),
    onFile: (done, all) => tell(() => `Files: ${bytes(done)} of ${bytes(all)}.`),
    onProgress: ({ records, bytesRead, bytesInAll }) =>
      tell(() => `Archive: ${records} records, ${bytes(bytesRead)} of ${bytes(bytesInAll)}.`),
  });
  context.answer(verdict, () => verdictText(verdict));
  return verdict.ok ? EXIT.done : EXIT.failed;
}

interface RestoreOptions extends StoreOption {
  readonly into: string;
  readonly at?: string;
  readonly partition?: number;
  readonly notaryKey?: string;
}

async function restore(context: CliContext, given: string | undefined, options: RestoreOptions): Promise<void> {
  const { into, at, partition, notaryKey } = options;
  const store = await backupStore(context, options.store);
  const id = await chooseBackup(store, given);
  const { ends } = await readBackup(store, id);
  const tell = progress(context);
  const restored = await restoreBackup({
    store,
    id,
    dataDir: resolve(context.io.cwd, into),
    point: at === undefined ? undefined : restorePoint(at, partition ?? partitionOf(context.projectName, ends.length)),
    notaryKey: notaryKey === undefined ? undefined : resolve(context.io.cwd, notaryKey),
    nowMs: Date.now(),
    onFile: (done, all) => tell(() => `Files: ${bytes(done)} of ${bytes(all)}.`),
    onProgress: ({ records }) => tell(() => `Verifying what was restored: ${records} records.`),
  });
  context.answer(restored, () => restoredText(restored));
}

/** A line a second, on stderr, for backups that take long. */
function progress(context: CliContext): (line: () => string) => void {
  let nextAt = performance.now() + PROGRESS_EVERY_MS;
  return (line) => {
    if (performance.now() < nextAt) return;
    nextAt = performance.now() + PROGRESS_EVERY_MS;
    context.note(line());
  };
}

const bytesOf = ({ bytesCopied, bytesReused }: CreatedBackup) => ({ bytesCopied, bytesReused });
const sizeOf = (files: readonly { readonly bytes: number }[]): number => files.reduce((sum, file) => sum + file.bytes, 0);
const shortOf = ({ createdAtMs, logId, ends, files, previous }: NonNullable<ListedBackup['manifest']>) => ({
  createdAtMs,
  logId,
  ends,
  files: files.length,
  bytes: sizeOf(files),
  previous,
});

function createdText(address: string, { manifest, isSigned, bytesCopied, bytesReused }: CreatedBackup): string {
  const commits = manifest.ends.reduce((sum, { position }) => sum + Number(position.split('-')[0]), 0);
  return [
    `Backup ${manifest.id} is in ${address}: ${commits} commits of ${manifest.ends.length} partitions in ${manifest.files.length} files; ${bytes(bytesCopied)} copied, ${bytes(bytesReused)} taken over.`,
    ...(isSigned ? [] : ['It is not signed: the key of the notary is not in this data directory.']),
  ].join('\n');
}

function listText(address: string, backups: readonly ListedBackup[]): string {
  if (backups.length === 0) return `There is no backup in ${address}.`;
  const rows = backups.map(({ id, isSigned, manifest, problem }) => [
    id,
    manifest ? dateTime(manifest.createdAtMs) : '-',
    manifest ? String(manifest.ends.reduce((sum, { position }) => sum + Number(position.split('-')[0]), 0)) : '-',
    manifest ? bytes(sizeOf(manifest.files)) : '-',
    isSigned ? 'signed' : 'not signed',
    problem ?? '',
  ]);
  return table(['BACKUP', 'CREATED', 'COMMITS', 'SIZE', 'SIGNATURE', ''], rows);
}

function verdictText({ id, ok, files, badFiles, signature, archive, problem }: BackupVerdict): string {
  const bad = archive?.partitions.find((partition) => !partition.ok);
  const records = archive?.partitions.reduce((sum, partition) => sum + partition.records, 0) ?? 0;
  const signed = { good: 'The notary signed it.', none: 'Nobody signed it.', bad: 'Its signature does not hold.' }[signature];
  return [
    ...badFiles.map((file) => `BAD  ${file.path}: ${file.problem}`),
    ...(problem === undefined ? [] : [problem]),
    ...(archive?.problem === undefined ? [] : [archive.problem]),
    ...(bad ? [`Partition ${bad.partition}, first bad position ${bad.badPosition ?? 'unknown'}: ${bad.problem ?? ''}`] : []),
    ok ? `Backup ${id} is whole: ${files} files, ${records} records verified. ${signed}` : `Backup ${id} does not hold.`,
  ].join('\n');
}

function restoredText({ id, dataDir, partitions }: RestoredBackup): string {
  const cut = partitions.filter(({ cutFrom }) => cutFrom !== undefined);
  return [
    `Backup ${id} is restored into ${dataDir}, and verifies.`,
    ...cut.map(({ partition, position, cutFrom }) => `Partition ${partition} ends with ${position}; it went to ${cutFrom ?? ''}.`),
    `Start it with "torch up --data ${dataDir}".`,
  ].join('\n');
}
