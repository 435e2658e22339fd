import { encodeCommit } from '@torch/log';
import fc from 'fast-check';
import { type CommitOutline, outlineCommit } from './commit-outline';

const outline = (text: string): CommitOutline => outlineCommit(Buffer.from(text));

/** What parsing comes to, written down once more without any thought of speed. */
function parsedOutline(text: string): CommitOutline {
  let commit: unknown;
  try {
    commit = JSON.parse(text);
  } catch {
    commit = undefined;
  }
  const { events, recordedAtMs } = (commit ?? {}) as { events?: unknown; recordedAtMs?: unknown };
  const list = Array.isArray(events) ? (events as ({ project?: unknown } | null)[]) : [];
  const projects = new Set<string>();
  for (const event of list) if (event !== null && typeof event.project === 'string') projects.add(event.project);
  return {
    events: list.length,
    projects: [...projects],
    recordedAtMs: Number.isSafeInteger(recordedAtMs) ? Number(recordedAtMs) : undefined,
  };
}

const TRAPS = [
  ...['{"events":[{"project":"x"}],"recordedAtMs":1}', '"events":[', '"project":"x"', 'x"project":', ',"project":"x"', '"recordedAtMs":7,'],
  ...[
    'project',
    'events',
    'recordedAtMs',
    '{',
    '}',
    '[',
    ']',
    '},{',
    '"',
    '\\',
    '\\"',
    '\\\\"',
    '\n',
    '\u2028',
    'ü',
    '🦉',
    '\ud800',
    ',',
    '',
  ],
];
const text = fc.oneof(
  fc.constantFrom(...TRAPS),
  fc.array(fc.constantFrom(...TRAPS)).map((parts) => parts.join('')),
  fc.string({ unit: 'binary' }),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    ...[text, fc.double(), fc.integer(), fc.boolean(), fc.constant(null)],
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(text, tie('value'), { maxKeys: 3 }),
  ),
}));
const event = fc.record({ v: fc.nat(), project: text, subject: text, type: text, data: value }, { requiredKeys: ['type', 'data'] });
const draft = fc.record({
  service: text,
  epoch: fc.nat(),
  recordedAtMs: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  consumed: fc.record({ entry: text, commands: fc.nat(), seq: fc.nat() }),
  answers: fc.array(fc.array(text, { minLength: 1, maxLength: 3 }), { maxLength: 3 }),
  events: fc.array(event, { maxLength: 4 }),
});

describe("a commit's outline", () => {
  it('is what parsing comes to, whatever is in the commit', () => {
    fc.assert(
      fc.property(draft, (commit) => {
        const body = encodeCommit(commit as never);
        expect(outline(body)).toEqual(parsedOutline(body));
      }),
      { numRuns: 1000 },
    );
  });

  it('is what parsing comes to for any JSON, however it is written', () => {
    const odd = fc.dictionary(
      fc.oneof(fc.constantFrom('events', 'recordedAtMs', 'service'), text),
      fc.oneof(value, fc.array(fc.oneof(event, value), { maxLength: 4 })),
    );
    fc.assert(
      fc.property(fc.oneof(odd, draft, value), fc.constantFrom(undefined, 2, '\t'), (json, space) => {
        const body = JSON.stringify(json, undefined, space);
        expect(outline(body)).toEqual(parsedOutline(body));
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['keys that come twice', '{"events":[{"project":"a","project":"b"}],"recordedAtMs":1,"recordedAtMs":2}'],
    ['events that come twice', '{"events":[{"project":"a"}],"events":[]}'],
    ['keys that are escaped', String.raw`{"\u0065vents":[{"\u0070roject":"a"}],"recorded\u0041tMs":3}`],
    ['a project that is escaped', String.raw`{"events":[{"project":"\u0061\""},{"project":"a\""}]}`],
    ['a key that ends like one that counts', String.raw`{"x\"events":[{}],"events":[{"x\"project":"a"}],"x\"recordedAtMs":4}`],
    [
      'what counts, further in',
      '{"consumed":{"events":[{}],"recordedAtMs":5},"answers":[{"events":[{}]}],"events":[{"data":{"project":"a"}}]}',
    ],
    ['events that are no objects', '{"events":[1,"a",null,[{"project":"b"}],{}]}'],
    ['an empty project', '{"events":[{"project":""},{"project":"a"},{"project":""}]}'],
    ['projects that differ in little', '{"events":[{"project":"ab"},{"project":"ac"},{"project":"a"},{"project":"ab"}]}'],
    ['times that are none', '{"recordedAtMs":1.5}'],
    ['a time before all others', '{"recordedAtMs":-1}'],
    ['a time in another form', '{"recordedAtMs":1e3}'],
    ['a time that is too large', '{"recordedAtMs":90071992547409930}'],
    ['a text behind the commit', '{"events":[{"project":"a"}]}{'],
  ])('comes from parsing for %s', (_, body) => {
    expect(outline(body)).toEqual(parsedOutline(body));
  });

  it('is empty for what is no commit', () => {
    for (const body of [
      '',
      '{}',
      'text',
      '[]',
      'null',
      '{"events":{}}',
      '{"events":[',
      '{"events":[{"a":"',
      '{"events":[{"a":"\\',
      '{"events":[{}',
    ])
      expect(outline(body)).toEqual({ events: 0, projects: [], recordedAtMs: undefined });
  });

  it('does not parse what `encodeCommit` writes', () => {
    const parse = jest.spyOn(JSON, 'parse');
    const events = [{ v: 1, project: 'a', type: 'task.submitted', data: { text: '"project":"b"}]\\' } }];
    const body = encodeCommit({
      service: 's',
      epoch: 1,
      recordedAtMs: 1_767_225_600_000,
      consumed: {},
      answers: [['a"b']],
      events,
    } as never);
    expect(outline(body)).toEqual({ events: 1, projects: ['a'], recordedAtMs: 1_767_225_600_000 });
    expect(parse).not.toHaveBeenCalled();
    parse.mockRestore();
  });
});
