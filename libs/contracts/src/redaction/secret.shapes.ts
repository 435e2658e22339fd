/**
 * How one kind of secret looks. `before` is what tells it apart and stays; `secret` is what goes. Every repetition is
 * bounded or starts where the one before it cannot, so that a hostile text costs no more than its length.
 */
export interface SecretShape {
  readonly kind: string;
  readonly pattern: RegExp;
}

const PRIVATE_KEY = '(?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----';
const BASE64 = '[A-Za-z0-9+/=]';
/** A line break in a text, or as JSON inside of a text has it. */
const BREAK = '(?:\\s|\\\\[nr])';
/** Not a variable, a placeholder, a call or what was redacted before: `password=$PASSWORD` gives nothing away. */
const LITERAL =
  '(?![$%<{*(\\[]|(?:null|undefined|none|true|false|redacted)\\b|(?:this|self|process|config|env|os|req|request|options|opts|args|params)[.[])';
/** Ends at a space, a quote or a bracket. */
const VALUE = '[^\\s"\'`\\\\,;&(){}<>|]';
const QUOTE = '(?:\\\\{0,4}["\'])?';
const SECRET_WORD = 'passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?';

const shape = (kind: string, before: string, secret: string, flags = 'g'): SecretShape => ({
  kind,
  pattern: new RegExp(`(?<before>${before})(?<secret>${secret})`, flags),
});

/** The start of a word, for shapes that are known by their first letters. */
const START = '(?<![A-Za-z0-9_-])';

/** In this order: what a shape has taken, the ones after it do not see. */
export const SECRET_SHAPES: readonly SecretShape[] = [
  shape(
    'private-key',
    `-----BEGIN ${PRIVATE_KEY}`,
    `(?:(?!-----)[\\s\\S]){1,20000}(?=-----END )|(?:\\[redacted:private-key\\]\\**|${BREAK})*${BASE64}{20,}(?:${BASE64}|${BREAK})*`,
  ),
  // Its beginning was cut off, as where the end of an output is kept.
  shape(
    'private-key',
    '',
    `(?<!${BASE64})(?:${BASE64}{20,100}${BREAK}{1,4}){1,200}(?:${BASE64}{1,100}${BREAK}{0,4})?(?=-----END ${PRIVATE_KEY})`,
  ),
  shape('jwt', '', `${START}eyJ[\\w-]{8,2000}\\.eyJ[\\w-]{4,8000}\\.[\\w-]{0,2000}`),
  shape('github-token', '', `${START}(?:gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_\\w{22,255})`),
  shape('gitlab-token', '', `${START}gl(?:pat|ptt|dt|rt|soat|cbt|ft|agent|imt|oas)-[\\w.-]{20,255}`),
  shape('slack-token', '', `${START}(?:xox[abcdeoprs]-[\\w-]{10,255}|xapp-\\d-[\\w-]{10,255})`),
  shape('slack-webhook', '://hooks\\.slack\\.com/', '(?:services|workflows)/[\\w/-]{20,255}'),
  shape('anthropic-key', '', `${START}sk-ant-[\\w-]{16,255}`),
  shape('openai-key', '', `${START}sk-(?=[\\w-]{0,255}\\d)(?=[\\w-]{0,255}[A-Z])[\\w-]{20,255}`),
  shape('google-key', '', `${START}(?:AIza[\\w-]{35}|GOCSPX-[\\w-]{28}|ya29\\.[\\w.-]{20,1024})`),
  shape('stripe-key', '', `${START}(?:[sr]k_(?:live|test)_[A-Za-z0-9]{10,255}|whsec_[A-Za-z0-9+/=]{24,255})`),
  shape('npm-token', '', `${START}npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])`),
  shape('aws-access-key', '', `${START}(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])`),
  shape(
    'aws-secret-key',
    `(?:secret_?access_?key|aws_?secret\\w{0,20})${QUOTE}\\s{0,3}[=:]\\s{0,3}${QUOTE}`,
    '[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=])',
    'gi',
  ),
  shape(
    'authorization',
    `authorization${QUOTE}\\s{0,3}[=:]\\s{0,3}${QUOTE}(?:bearer|basic|token|digest)\\s{1,3}`,
    `${LITERAL}${VALUE}{6,4096}`,
    'gi',
  ),
  shape('bearer-token', '\\bBearer\\s{1,3}', '(?=[\\w.~+/=-]{0,512}\\d)[\\w.~+/=-]{20,4096}'),
  shape('url-password', '://[^\\s/:@"\'<>\\\\]{0,256}:', `${LITERAL}[^\\s/@"'<>\\\\]{1,256}(?=@)`),
  shape('password', `passw(?:or)?d${QUOTE}\\s{0,3}=(?![=>~])\\s{0,3}${QUOTE}`, `${LITERAL}${VALUE}{6,4096}(?![\\w(])`, 'gi'),
  shape('password', `passw(?:or)?d\\\\{0,4}["']\\s{0,3}:\\s{0,3}\\\\{0,4}["']`, `${LITERAL}[^"'\\\\]{4,256}(?=\\\\{0,4}["'])`, 'gi'),
  shape('password', `passw(?:or)?d:\\s{1,3}`, `${LITERAL}(?=${VALUE}{0,255}\\d)${VALUE}{6,256}`, 'gi'),
  shape(
    'secret',
    `(?:${SECRET_WORD}|pwd)${QUOTE}\\s{0,3}[=:](?![=>~])\\s{0,3}${QUOTE}`,
    `${LITERAL}(?!~?\\.{0,2}/[\\w.-]+/)(?=[A-Za-z0-9+/=_.~-]{0,255}\\d)(?=[A-Za-z0-9+/=_.~-]{0,255}[A-Za-z])[A-Za-z0-9+/=_.~-]{12,4096}(?![\\w(\\[])`,
    'gi',
  ),
];

/** Words before a `=` or `:` behind which a secret may stand. */
const PROBED_WORD =
  '[Pp]ass(?:w(?:or)?d|phrase)|PASS(?:W(?:OR)?D|PHRASE)|[Pp]wd|PWD|[Ss]ecret\\w{0,20}|SECRET\\w{0,20}|[Tt]oken|TOKEN|' +
  '[Aa](?:pi|ccess)[_-]?[Kk]ey|A(?:PI|CCESS)[_-]?KEY|[Pp]rivate[_-]?[Kk]ey|PRIVATE[_-]?KEY|[Cc]redentials?|CREDENTIALS?|' +
  '[Aa]uthorization|AUTHORIZATION';

/**
 * True of every text that a shape finds something in, and of few others; also of JSON with such a text in it. Each branch
 * starts with one rare character and looks back from there, so that most characters are passed over at the first glance.
 */
const PROBE = new RegExp(
  [
    '_(?<=gh[pousr]_|github_pat_|[sr]k_(?:live|test)_|whsec_|npm_)[A-Za-z0-9]{8}',
    '-(?<=gl[a-z]{2,5}-|xox[a-z]-|xapp-|sk-|GOCSPX-)[\\w-]{8}',
    '-(?=-{4}(?:BEGIN|END) )',
    'J(?<=eyJ)[\\w-]{8}',
    'z(?<=AIz)a',
    '\\.(?<=ya29\\.|hooks\\.slack\\.)',
    'A(?<=A[KSB]IA|ACCA)[A-Z0-9]{8}',
    'B(?=earer\\s)',
    '@(?<=://[^/\\s"]{0,256}:[^/\\s"]{1,256}@)',
    `[=:](?<=(?:${PROBED_WORD})(?:\\\\{0,16}["'])?(?:\\s|\\\\t){0,3}[=:])`,
  ].join('|'),
);

/** False: nothing in the text, or in what is in this JSON, looks like a secret. True: look closer. */
export const mayHoldSecret = (text: string): boolean => PROBE.test(text);
