import fc from 'fast-check';
import { maskText, redactText, secretKind } from './secret.redaction';
import { mayHoldSecret } from './secret.shapes';
import { plantedSecrets } from './planted-secrets.fixture';

const planted = plantedSecrets();

describe.each(planted.map((secret) => [secret.name, secret] as const))('%s', (_name, { kind, text, secret }) => {
  it('is replaced by its kind, and nothing of it is left', () => {
    const clean = redactText(`before ${text} after`);
    expect(clean).toContain(`[redacted:${kind}]`);
    expect(clean).not.toContain(secret);
    expect(clean.startsWith('before ') && clean.endsWith(' after')).toBe(true);
    expect(redactText(clean)).toBe(clean);
    expect(secretKind(text)).toBe(kind);
  });

  it('is masked to the same length, again and again', () => {
    const masked = maskText(`before ${text} after`);
    expect(masked).toHaveLength(`before ${text} after`.length);
    expect(masked).not.toContain(secret);
    expect(maskText(masked)).toBe(masked);
  });

  it('is seen by the first look at the JSON that it is in', () => {
    expect(mayHoldSecret(JSON.stringify({ note: text }))).toBe(true);
    expect(mayHoldSecret(JSON.stringify({ note: JSON.stringify({ inner: text }) }))).toBe(true);
  });
});

/** Texts that look a little like secrets and are none. */
const HARMLESS = [
  'The task-run-2024-migration-of-the-Billing-service is done, see risk-assessment-Of-2024-and-more.',
  'password=$PASSWORD',
  'password=${DB_PASSWORD}',
  'PASSWORD="$(cat /run/secrets/db)"',
  'password=%s',
  'password=<yours>',
  'password: required',
  'const password = readPassword();',
  'if (password == expected) return token;',
  'password => hash(password)',
  'token = tokens[0]',
  'The password was changed, the token expired, and the secret: nobody knows it.',
  'inputTokens: 1200, outputTokens: 4000000000001',
  'the bearer of bad news',
  'Authorization: Bearer $TOKEN',
  'Authorization: Bearer <token>',
  'https://example.org:8443/path?x=a@b',
  'http://user@host/',
  'redis://:$REDIS_PASSWORD@host:6379',
  'git@github.com:owner/name.git',
  'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  'npm_config_registry=https://registry.example.org/ npm_lifecycle_event=test',
  'ghp_short',
  'glpat-',
  'AKIA',
  'eyJ is how JSON begins in base64',
  'integrity sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==',
  'this.password = config.password',
  'token: string; secret?: string',
  'The file begins with -----BEGIN PRIVATE KEY----- and is long.',
  'awsome_key = value',
  'pwd=/home/agent/work/project1',
];

describe('a text without secrets', () => {
  it.each(HARMLESS)('stays as it is: %s', (text) => expect(redactText(text)).toBe(text));

  it('stays as it is, whatever ordinary words, ids and hashes it is made of', () => {
    const word = fc.constantFrom(
      ...'the agent task run token tokens password secret key bearer of authorization and commit message fixed'.split(' '),
    );
    const hash = fc.stringMatching(/^[0-9a-f]{40}$|^[0-9a-f]{64}$/);
    const id = fc.stringMatching(/^(run|msg|task)-[0-9a-f]{20}$/);
    const piece = fc.oneof(word, hash, id, fc.uuid(), fc.nat().map(String), fc.constantFrom('\n', ', ', '. ', ' - ', '"', '/'));
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(' ')),
        (text) => redactText(text) === text,
      ),
      { numRuns: 2000 },
    );
  });
});

describe('a text with a secret anywhere in it', () => {
  it('is clean afterwards, and the first look says so', () => {
    const around = fc.stringMatching(/^[ -~\n]{0,80}$/);
    fc.assert(
      fc.property(fc.constantFrom(...planted), around, around, ({ text, secret }, before, after) => {
        const whole = `${before.replaceAll(/-----|[<$"']/g, '')}\n${text}\n${after}`;
        expect(mayHoldSecret(JSON.stringify(whole))).toBe(true);
        expect(redactText(whole)).not.toContain(secret);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes no longer than its length makes it, however it is made up', () => {
    const units = [
      '://a:',
      'eyJ',
      'eyJaaaaaaaaa.',
      'sk-',
      'sk-A',
      'password=',
      'token: ',
      'aws ',
      'bearer ',
      'AKIA',
      '-----BEGIN PRIVATE KEY-----\n',
      'MIIEvQIBADANBgkqhkiG9w0B\n',
      'a',
      ' ',
      '-----',
    ];
    for (const unit of units) {
      const text = `password=x ${unit.repeat(Math.ceil(65_536 / unit.length))}`;
      const startMs = performance.now();
      redactText(text);
      expect([unit, performance.now() - startMs < 2000]).toEqual([unit, true]);
    }
  });
});
