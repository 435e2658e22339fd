/** Of every space and depth that the claims of the workload speak of. */
const SAMPLES = [
  'repo:src/auth/login.ts',
  'repo:src/auth/token.ts',
  'repo:src/auth/deep/er.ts',
  'repo:src/index.ts',
  'repo:src/ui/page.ts',
  'repo:docs/a.md',
  'repo:docs/ab.md',
  'db:schema',
];

const expressions = new Map<string, RegExp>();

function expressionOf(glob: string): RegExp {
  let expression = expressions.get(glob);
  if (!expression) {
    const text = glob
      .replace(/[.+^$()|[\]{}\\]/g, '\\$&')
      .replace(/\*\*|\*|\?/g, (wild) => ({ '**': '.*', '*': '[^/]*', '?': '[^/]' })[wild] ?? wild);
    expressions.set(glob, (expression = new RegExp(`^${text}$`)));
  }
  return expression;
}

/** Whether a path among the samples fits both: told by trying, as nobody who is in a hurry would. */
export const overlap = (a: string, b: string): boolean => SAMPLES.some((path) => expressionOf(a).test(path) && expressionOf(b).test(path));
