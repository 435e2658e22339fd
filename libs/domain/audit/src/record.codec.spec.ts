import { chainRecord, GENESIS_HASH } from './chain';
import { sha256 } from './hashing.fixture';
import { decodeRecord, encodeRecord } from './record.codec';

const encode = (body: string) => encodeRecord(chainRecord(GENESIS_HASH, { seq: 12, generation: 1, body }, sha256));
const decode = (line: string) => decodeRecord(Buffer.from(line));
const bodyOf = (line: string) => Buffer.from(decode(line)?.body ?? []).toString();

describe('a line of a segment', () => {
  it('holds a commit as it is', () => {
    const body = '{"service":"scheduler", "events" :[]}';
    expect(encode(body)).toMatch(
      /^\{"position":"12-1","previous":"0{64}","hash":"[0-9a-f]{64}","commit":\{"service":"scheduler", "events" :\[\]\}\}$/,
    );
    expect(decode(encode(body))).toMatchObject({ seq: 12, generation: 1, previous: GENESIS_HASH });
    expect(bodyOf(encode(body))).toBe(body);
  });

  it.each(['', 'no commit', '[1]', '"', ' {}', '{\n}', '{\r}', '{"a":1}\n'])('holds %j, which is no commit, as text', (body) => {
    expect(encode(body)).toContain(`"commit":${JSON.stringify(body)}}`);
    expect(bodyOf(encode(body))).toBe(body);
  });

  it('is valid JSON', () => {
    for (const body of ['{"a":"ü\u2028😀"}', 'x\u0000']) expect(JSON.parse(encode(body))).toMatchObject({ position: '12-1' });
  });

  const line = encode('{"a":1}');
  const pruned = encodeRecord({ ...chainRecord(GENESIS_HASH, { seq: 1, generation: 0, body: '' }, sha256), body: undefined });

  it('holds the leaf of a commit whose content is gone', () => {
    expect(pruned).toMatch(/^\{"position":"1-0","previous":"0{64}","hash":"[0-9a-f]{64}","leaf":"[0-9a-f]{64}"\}$/);
    expect(decode(pruned)).toMatchObject({ seq: 1, leaf: sha256('\u00001-0\n') });
    expect(decode(pruned)?.body).toBeUndefined();
  });

  it.each([
    '',
    '{',
    'null',
    '{"position":"3-0"}',
    line.replace('12-1', '12'),
    line.replace('12-1', '012-1'),
    line.replace('12-1', '12-1.0'),
    line.replace('12-1', '-12-1'),
    line.replace('12-1', '99999999999999999-1'),
    line.replace('"position"', '"Position"'),
    line.replace('"previous"', '"Previous"'),
    line.replace('"hash"', '"Hash"'),
    line.replace('"commit"', '"Commit"'),
    line.replace('"commit":', '"commit": '),
    line.replace('"commit":{', '"commit":['),
    line.slice(0, -2),
    `${line} `,
    encode('text').replace('"text"', '"te\\u0078t"'),
    encode('text').replace('"text"', '"text'),
    encode('text').replace('"text"', '"text" '),
    encode('text').replace('"text"', '"{}"'),
    pruned.replace('"leaf"', '"Leaf"'),
    pruned.replace(/.{4}"\}$/, '"}'),
    pruned.replace(/.{2}"\}$/, 'GG"}'),
    pruned.replace(/"\}$/, '}}'),
  ])('is not taken for one when it is %s', (broken) => expect(decode(broken)).toBeUndefined());
});
