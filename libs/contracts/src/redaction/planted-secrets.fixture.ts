/** One example of every shape: made up here, so that no file of the repository holds anything that looks real. */
export interface PlantedSecret {
  readonly name: string;
  readonly kind: string;
  /** As it would stand in a text. */
  readonly text: string;
  /** What must not be found anywhere. */
  readonly secret: string;
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** The same letters for the same seed, and others for another; begins with a letter and holds a digit. */
function letters(count: number, seed: number): string {
  let state = seed * 2_654_435_761 + 1;
  const found = Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return LETTERS[state % LETTERS.length];
  });
  return `q${found.slice(2).join('')}7`;
}

/** @param seed so that every door of a test gets secrets of its own. */
export function plantedSecrets(seed = 1): PlantedSecret[] {
  let next = seed * 1000;
  const make = (count: number): string => letters(count, ++next);
  const upper = (count: number): string => make(count).toUpperCase();
  const simple = (name: string, kind: string, secret: string): PlantedSecret => ({ name, kind, text: secret, secret });
  const within = (name: string, kind: string, secret: string, text: (secret: string) => string): PlantedSecret => ({
    name,
    kind,
    text: text(secret),
    secret,
  });
  const keyBody = Array.from({ length: 6 }, () => make(64)).join('\n');
  return [
    simple('an AWS access key', 'aws-access-key', `AKIA${upper(16)}`),
    simple('a temporary AWS access key', 'aws-access-key', `ASIA${upper(16)}`),
    within('an AWS secret key', 'aws-secret-key', make(40), (key) => `aws_secret_access_key = ${key}`),
    within('an AWS secret key in JSON', 'aws-secret-key', make(40), (key) => `{"SecretAccessKey": "${key}"}`),
    ...['ghp_', 'gho_', 'ghs_', 'ghu_', 'ghr_'].map((prefix) => simple(`a GitHub token ${prefix}`, 'github-token', prefix + make(36))),
    simple('a fine-grained GitHub token', 'github-token', `github_pat_${make(22)}_${make(59)}`),
    simple('a GitLab token', 'gitlab-token', `glpat-${make(20)}`),
    ...['xoxb-', 'xoxp-', 'xoxa-', 'xoxs-'].map((prefix) =>
      simple(`a Slack token ${prefix}`, 'slack-token', `${prefix}1234567890-${make(24)}`),
    ),
    within(
      'a Slack webhook',
      'slack-webhook',
      `services/T${upper(8)}/B${upper(8)}/${make(24)}`,
      (path) => `https://hooks.slack.com/${path}`,
    ),
    simple('an OpenAI key', 'openai-key', `sk-${make(48)}`),
    simple('an OpenAI project key', 'openai-key', `sk-proj-${make(40)}-${make(40)}`),
    simple('an Anthropic key', 'anthropic-key', `sk-ant-api03-${make(93)}`),
    simple('a Google key', 'google-key', `AIza${make(35)}`),
    simple('a Stripe key', 'stripe-key', `sk_live_${make(24)}`),
    simple('a restricted Stripe key', 'stripe-key', `rk_test_${make(24)}`),
    simple('an npm token', 'npm-token', `npm_${make(36)}`),
    within('a private key', 'private-key', keyBody, (body) => `-----BEGIN RSA PRIVATE KEY-----\n${body}\n-----END RSA PRIVATE KEY-----`),
    within(
      'a private key in JSON',
      'private-key',
      keyBody.replaceAll('\n', '\\n'),
      (body) => `-----BEGIN PRIVATE KEY-----\\n${body}\\n-----END PRIVATE KEY-----`,
    ),
    within('a private key whose end is missing', 'private-key', make(64), (body) => `-----BEGIN EC PRIVATE KEY-----\n${body}\n!`),
    within(
      'a private key whose beginning is missing',
      'private-key',
      make(64),
      (body) => `${body}\n${make(20)}\n-----END PRIVATE KEY-----`,
    ),
    simple('a JWT', 'jwt', `eyJhbGciOiJIUzI1NiJ9.eyJ${make(60)}.${make(43)}`),
    within('an Authorization header', 'authorization', make(24), (token) => `Authorization: Bearer ${token}`),
    within('an Authorization header with a name and a password', 'authorization', make(24), (token) => `authorization: Basic ${token}=`),
    within('a bearer token', 'bearer-token', make(32), (token) => `sent with Bearer ${token}`),
    within('a URL with a password', 'url-password', make(16), (password) => `postgres://torch:${password}@db.example.org:5432/torch`),
    within('a password', 'password', make(9), (password) => `password=${password}`),
    within('a password in JSON', 'password', make(9), (password) => `{"dbPassword": "${password}"}`),
    within('a password in YAML', 'password', make(9), (password) => `  password: ${password}`),
    within('an option of a command', 'password', make(12), (password) => `mysql --password='${password}' -u root`),
    within('an API key', 'secret', make(24), (key) => `EXAMPLE_API_KEY=${key}`),
    within('a client secret', 'secret', make(24), (key) => `"client_secret": "${key}"`),
  ];
}
