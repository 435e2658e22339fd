// Finds the marks that people leave in sources for later.
import { keep, kept, textOf } from './checkout.mjs';

const MARK = /\b(TODO|FIXME|HACK|XXX)\b[:( ]/;
const FILE_BYTES_MAX = 1024 * 1024;
const LINE_CHARS_SHOWN = 120;

const marks = kept('files')
  .files.filter(({ path, bytes }) => bytes <= FILE_BYTES_MAX && !path.startsWith('examples/quickstart/'))
  .flatMap(({ path }) =>
    (textOf(path) ?? '').split('\n').flatMap((text, i) => {
      const [, mark] = MARK.exec(text) ?? [];
      return mark ? [{ path, line: i + 1, mark, text: text.trim().slice(0, LINE_CHARS_SHOWN) }] : [];
    }),
  );
keep('marks', marks);
console.log(`${marks.length} open marks`);
for (const { path, line, text } of marks) console.log(`${path}:${line}: ${text}`);
