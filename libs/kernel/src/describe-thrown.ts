/** Characters of one message, of what was thrown in its place, and of the whole description. */
export const MESSAGE_CHARS_MAX = 1000;
export const DESCRIPTION_CHARS_MAX = 6000;
/** Causes that are followed, and errors of one `AggregateError` that are named. */
export const CAUSES_MAX = 5;
export const AGGREGATED_MAX = 5;
/** Lines of each stack, the innermost first. */
export const STACK_LINES_MAX = 4;

/**
 * Says in one line what was thrown, whatever it is: name, code and message of an error, where it came from, and what caused it.
 * Never throws itself.
 */
export function describeThrown(thrown: unknown): string {
  return cut(described(thrown, new Set()), DESCRIPTION_CHARS_MAX);
}

function described(thrown: unknown, seen: Set<unknown>): string {
  if (!isObject(thrown)) return notAnError(thrown);
  if (seen.has(thrown)) return 'an error that was named already';
  seen.add(thrown);
  const message = fieldOf(thrown, 'message');
  const stack = fieldOf(thrown, 'stack');
  if (typeof message !== 'string' && typeof stack !== 'string') return notAnError(thrown);
  const code = fieldOf(thrown, 'code');
  const name = `${nameOf(thrown)}${typeof code === 'string' || typeof code === 'number' ? ` [${code}]` : ''}`;
  const said = typeof message === 'string' ? cut(oneLine(message), MESSAGE_CHARS_MAX) : 'a message that cannot be read';
  return [said === '' ? name : `${name}: ${said}`, placesOf(stack), aggregatedIn(thrown, seen), causeOf(thrown, seen)].join('');
}

function causeOf(thrown: object, seen: Set<unknown>): string {
  const cause = fieldOf(thrown, 'cause');
  if (cause === undefined) return '';
  return seen.size > CAUSES_MAX + AGGREGATED_MAX ? '; caused by more' : `; caused by ${described(cause, seen)}`;
}

function aggregatedIn(thrown: object, seen: Set<unknown>): string {
  const errors = fieldOf(thrown, 'errors');
  if (!Array.isArray(errors) || errors.length === 0) return '';
  if (seen.size > CAUSES_MAX) return `; of ${errors.length} errors`;
  const named = errors.slice(0, AGGREGATED_MAX).map((error, i) => `(${i + 1}) ${described(error, seen)}`);
  return `; of ${errors.length} errors: ${named.join(', ')}${errors.length > named.length ? ', and others' : ''}`;
}

/** `name`, unless that is what every error has and its class says more. */
function nameOf(thrown: object): string {
  const name = fieldOf(thrown, 'name');
  const constructor = fieldOf(thrown, 'constructor');
  const className = typeof constructor === 'function' ? constructor.name : '';
  if (typeof name === 'string' && name !== '' && (name !== 'Error' || className === '')) return oneLine(name);
  return className === '' ? 'Error' : className;
}

function placesOf(stack: unknown): string {
  if (typeof stack !== 'string') return '';
  const places = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return places.length === 0 ? '' : ` (${places.slice(0, STACK_LINES_MAX).map(oneLine).join('; ')})`;
}

function notAnError(thrown: unknown): string {
  if (typeof thrown === 'string') return `the text ${JSON.stringify(cut(oneLine(thrown), MESSAGE_CHARS_MAX))}, which is no error`;
  if (!isObject(thrown)) return `${String(thrown)}, which is no error`;
  return `${cut(oneLine(contentOf(thrown)), MESSAGE_CHARS_MAX)}, which is no error`;
}

function contentOf(thrown: object): string {
  if (typeof thrown === 'function') return 'a function';
  try {
    const text: unknown = JSON.stringify(thrown);
    if (typeof text === 'string') return text;
  } catch {
    // A cycle, or a field that throws: what can be read is named instead.
  }
  try {
    return `an object with ${Object.keys(thrown).join(', ') || 'nothing in it'}`;
  } catch {
    return 'an object that cannot be read';
  }
}

function fieldOf(thrown: object, field: string): unknown {
  try {
    return (thrown as Record<string, unknown>)[field];
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is object => (typeof value === 'object' && value !== null) || typeof value === 'function';

/** Control characters, line ends among them, would make other lines of it, or move a terminal's cursor. */
const oneLine = (text: string): string => text.replace(/[\s\p{Cc}\u2028\u2029]+/gu, ' ').trim();

const cut = (text: string, charsMax: number): string =>
  text.length <= charsMax ? text : `${text.slice(0, charsMax)}… (${text.length - charsMax} more)`;
