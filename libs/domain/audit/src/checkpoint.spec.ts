import { type Checkpoint, formatCheckpoint, originOf, parseCheckpoint } from './checkpoint.codec';
import { sha256 } from './hashing.fixture';

const checkpoint: Checkpoint = {
  origin: originOf({ logId: '5f0c6a3e', partition: 3 }),
  size: 1042,
  root: sha256('root'),
  head: { seq: 1042, generation: 2, hash: sha256('chain') },
  manifest: sha256('manifest'),
  atMs: 1_767_225_600_000,
};
const text = formatCheckpoint(checkpoint);

describe('the text of a checkpoint', () => {
  it('has origin, size and root as C2SP wants them, and what else binds an archive', () => {
    expect(text.split('\n')).toEqual([
      'torch/5f0c6a3e/p03',
      '1042',
      Buffer.from(sha256('root'), 'hex').toString('base64'),
      'position 1042-2',
      `chain ${sha256('chain')}`,
      `manifest ${sha256('manifest')}`,
      'time 1767225600000',
      '',
    ]);
    expect(parseCheckpoint(text)).toEqual(checkpoint);
  });

  it.each([
    '',
    `${text}\n`,
    text.slice(0, -1),
    text.replace('1042', '01042'),
    text.replace('1042\n', '1043\n'),
    text.replace('1042-2', '1041-2'),
    text.replace('position', 'Position'),
    text.replace('time 1', 'time 01'),
    text.replace(/chain \w/, 'chain x'),
    text.replace('torch/5f0c6a3e/p03\n', '\n'),
    `${text}more\n`,
  ])('is not read out of %j', (broken) => expect(parseCheckpoint(broken)).toBeUndefined());
});
