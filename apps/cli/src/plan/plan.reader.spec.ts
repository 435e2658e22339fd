import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BadPlan, PLAN_BYTES_MAX, readPlan } from './plan.reader';

const problemsOf = (text: string): readonly string[] => {
  try {
    readPlan('plan.yaml', () => text);
    return [];
  } catch (error) {
    if (error instanceof BadPlan) return error.problems;
    throw error;
  }
};

const GOOD = `
name: check
agents:
  - role: specialist
    count: 2
tasks:
  - key: lint
    role: specialist
    run: npm run lint
  - key: test
    role: specialist
    run: npm test
    dependsOn: [lint]
    timeout: 10m
`;

describe('a plan', () => {
  it('is read from YAML', () => {
    expect(readPlan('plan.yaml', () => GOOD).plan).toMatchObject({
      name: 'check',
      tasks: [{ key: 'lint' }, { key: 'test', timeout: '10m' }],
    });
  });

  it('is read from JSON, indented with tabs', () => {
    const text = JSON.stringify({ tasks: [{ key: 'a', role: 'developer', prompt: 'Do it.' }] }, null, '\t');
    expect(readPlan('plan.json', () => text).plan.tasks[0]).toEqual({ key: 'a', role: 'developer', prompt: 'Do it.' });
  });

  it('locates its parts', () => {
    const { locate } = readPlan('plan.yaml', () => GOOD);
    expect(locate('/tasks/1/dependsOn/0')).toBe('plan.yaml:13:17');
    expect(locate('/tasks/1/timeout')).toBe('plan.yaml:14:5');
    expect(locate('/tasks/1/nothing')).toBe('plan.yaml:10:5');
  });
});

describe('a bad plan', () => {
  it.each([
    [
      'unknown field',
      'tasks:\n  - key: a\n    role: dev\n    run: x\n    retrys: 3\n',
      ['plan.yaml:5:5: "tasks.0.retrys" is not a known field.'],
    ],
    ['missing field', 'tasks:\n  - key: a\n    run: x\n', ['plan.yaml:2:5: "tasks.0.role" is missing.']],
    [
      'wrong type',
      'tasks:\n  - key: a\n    role: dev\n    run: x\n    priority: high\n',
      ['plan.yaml:5:5: "tasks.0.priority" must be integer.'],
    ],
    [
      'unknown dependency',
      'tasks:\n  - {key: a, role: dev, run: x, dependsOn: [b]}\n',
      ['plan.yaml:2:45: Task "a" depends on "b", which is not in the plan.'],
    ],
    [
      'cycle',
      'tasks:\n  - {key: a, role: dev, run: x, dependsOn: [b]}\n  - {key: b, role: dev, run: x, dependsOn: [a]}\n',
      ['plan.yaml:2:33: Tasks depend on each other in a circle: a → b → a.'],
    ],
    [
      'task key given twice',
      'tasks:\n  - {key: a, role: dev, run: x}\n  - {key: a, role: dev, run: y}\n',
      ['plan.yaml:3:6: Key "a" is already that of task 0.'],
    ],
    ['YAML key given twice', 'tasks:\n  - key: a\n    key: b\n', ['plan.yaml:3:5: Map keys must be unique.']],
    [
      'both run and prompt',
      'tasks:\n  - {key: a, role: dev, run: x, prompt: y}\n',
      ['plan.yaml:2:5: Task "a" needs exactly one of "run" and "prompt".'],
    ],
    ['empty file', '', ['plan.yaml:1:1: The plan is empty. It needs at least "tasks".']],
    ['only a comment', '# later\n', ['plan.yaml:1:1: The plan is empty. It needs at least "tasks".']],
    ['a list', '- a\n', ['plan.yaml:1:1: A plan is a mapping with "tasks", but this is a list.']],
    ['plain text', 'hello world\n', ['plan.yaml:1:1: A plan is a mapping with "tasks", but this is a string.']],
    ['no tasks', 'tasks: []\n', ['plan.yaml:1:1: "tasks" must NOT have fewer than 1 items.']],
    ['binary', '\u0000\u0001', ['plan.yaml:1:1: The file is not text. A plan is YAML or JSON.']],
    ['two documents', 'tasks: []\n---\ntasks: []\n', ['plan.yaml:2:1: The file holds several documents; a plan is one.']],
    ['a tag', 'tasks: !!js/function x\n', ['plan.yaml:1:8: Unresolved tag: tag:yaml.org,2002:js/function.']],
  ])('with %s names the line', (_, text, problems) => {
    expect(problemsOf(text)).toEqual(problems);
  });

  it('that is not YAML names every broken line', () => {
    expect(problemsOf('tasks:\n  - key: [a\n    role: }\n')[0]).toMatch(/^plan\.yaml:\d+:\d+: .+/);
    expect(problemsOf('{"tasks": [')[0]).toMatch(/^plan\.yaml:1:\d+: .+/);
  });

  it('with aliases that multiply is refused', () => {
    const levels = Array.from(
      { length: 9 },
      (_, i) =>
        `l${i}: &l${i} [${Array(10)
          .fill(i === 0 ? 'x' : `*l${i - 1}`)
          .join(', ')}]`,
    );
    expect(problemsOf(levels.join('\n'))[0]).toMatch(/alias/i);
  });
});

describe("a plan's file", () => {
  const folder = mkdtempSync(join(tmpdir(), 'torch-plan-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('over the limit is refused unread', () => {
    const path = join(folder, 'large.yaml');
    writeFileSync(path, '#'.repeat(PLAN_BYTES_MAX + 1));
    expect(() => readPlan(path)).toThrow(`${path}: The file has ${PLAN_BYTES_MAX + 1} bytes; a plan may have ${PLAN_BYTES_MAX}.`);
  });

  it('that is missing, a folder or not UTF-8 is named', () => {
    expect(() => readPlan(join(folder, 'none.yaml'))).toThrow('none.yaml: There is no such file.');
    expect(() => readPlan(folder)).toThrow('This is a folder, not a plan.');
    writeFileSync(join(folder, 'latin1.yaml'), Buffer.from([0x6e, 0xe4, 0x6e]));
    expect(() => readPlan(join(folder, 'latin1.yaml'))).toThrow('The file is not UTF-8 text.');
  });
});
