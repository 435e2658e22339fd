import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  chainRecord,
  decodeRecord,
  encodeRecord,
  formatCheckpoint,
  formatVkey,
  Frontier,
  GENESIS_HASH,
  MANIFEST_START,
  openNote,
  originOf,
  parseVkey,
  signNote,
} from '@torch/domain-audit';
import { sha256 } from './hashing';
import { readNotaryKey, verifyEd25519 } from './notary/ed25519';
import { KEY_ROTATIONS } from './notary/key-rotations';

const DOCUMENT = join(__dirname, '../../../docs/archive-format.md');
/** PKCS #8 of an Ed25519 key, up to its 32 bytes. */
const PKCS8_PREFIX = '302e020100300506032b657004220420';
const SEED = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';

/** What the archive of the document's vectors holds, as this program writes it. */
function vectors(): string[] {
  const der = Buffer.from(PKCS8_PREFIX + SEED, 'hex');
  const pem = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ format: 'pem', type: 'pkcs8' }).toString();
  const key = readNotaryKey('torch/5f0c6a3e/notary-1', pem);
  const frontier = Frontier.empty(sha256);
  let head = { seq: 0, generation: 0, hash: GENESIS_HASH };
  const lines = ['{"events":[]}', '{"events":[{"type":"task.submitted","project":"default"}]}', 'no commit'].map((body, i) => {
    const record = chainRecord(head.hash, { seq: i + 1, generation: i < 2 ? 0 : 1, body }, sha256);
    head = { seq: record.seq, generation: record.generation, hash: record.hash };
    frontier.append(record.leaf);
    return record;
  });
  const [, second] = lines;
  const text = formatCheckpoint({
    origin: originOf({ logId: '5f0c6a3e', partition: 3 }),
    size: frontier.size,
    root: frontier.root(),
    head,
    manifest: MANIFEST_START,
    atMs: 1_767_225_600_000,
  });
  return [
    'The segment:',
    ...lines.map((record) => code(encodeRecord(record))),
    'The second record once its content is gone:',
    code(encodeRecord({ ...second!, body: undefined })),
    'The leaves:',
    ...lines.map(({ leaf }) => code(leaf)),
    'The root, in hex, and the frontier:',
    code(frontier.root()),
    ...frontier.encode().map(code),
    'The public key, as in `notary.pub`:',
    code(formatVkey(key)),
    'The checkpoint:',
    ...signNote(text, [key]).trimEnd().split('\n').map(code),
  ];
}

const code = (line: string): string => (line === '' ? '' : `    ${line}`);

/** The document's lines behind the heading of its vectors, without those that only set them apart. */
function documented(): string[] {
  const text = readFileSync(DOCUMENT, 'utf8');
  return text
    .slice(text.indexOf('## Test vectors'))
    .trimEnd()
    .split('\n')
    .slice(4)
    .filter((line) => line !== '');
}

describe('docs/archive-format.md', () => {
  it('shows an archive as this program writes it', () => {
    expect(documented()).toEqual(vectors().filter((line) => line !== ''));
  });

  it('shows records, a key and a checkpoint that this program accepts', () => {
    const lines = documented().map((line) => line.trim());
    const records = lines.filter((line) => line.startsWith('{'));
    expect(records.map((line) => decodeRecord(Buffer.from(line))?.seq)).toEqual([1, 2, 3, 2]);
    const vkey = parseVkey(
      lines.find((line) => line.startsWith('torch/5f0c6a3e/notary-1+'))!,
      sha256,
    )!;
    const note = `${lines.slice(lines.indexOf('torch/5f0c6a3e/p03'), -1).join('\n')}\n\n${lines.at(-1)}\n`;
    expect(openNote(note, [vkey], verifyEd25519)).toMatchObject({ ok: true, signers: [{ id: vkey.id }] });
  });

  it('names every file', () => {
    const text = readFileSync(DOCUMENT, 'utf8');
    for (const name of ['log.json', 'notary.pub', KEY_ROTATIONS, 'manifest.ndjson', 'checkpoint', 'index/']) expect(text).toContain(name);
  });
});
