// Joins what the other tasks have found into one page. The last line of output is its path.
import { basename, resolve } from 'node:path';
import { keepText, kept } from './checkout.mjs';

const MARKS_SHOWN = 20;

const table = (header, rows) => [
  `| ${header.join(' | ')} |`,
  `|${header.map(() => ' --- |').join('')}`,
  ...rows.map((row) => `| ${row.join(' | ')} |`),
];
const cell = (text) => String(text).replaceAll('|', '\\|');
const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;

const { files, languages } = kept('files');
const largest = kept('largest');
const marks = kept('marks');
const commits = kept('commits');
const tests = kept('test-run');

const page = [
  `# ${basename(resolve('.'))}: an inventory`,
  '',
  `${files.length} files. Taken ${new Date().toISOString()} by three agents in six tasks, run \`${process.env.TORCH_RUN_ID ?? 'by hand'}\`.`,
  '',
  '## Languages',
  '',
  ...table(
    ['language', 'files', 'lines', 'size'],
    languages.map(({ language, files: count, lines, bytes }) => [language, count, lines, kib(bytes)]),
  ),
  '',
  '## Largest files',
  '',
  ...table(
    ['file', 'size'],
    largest.map(({ path, bytes }) => [`\`${cell(path)}\``, kib(bytes)]),
  ),
  '',
  `## Open marks: ${marks.length}`,
  '',
  ...marks.slice(0, MARKS_SHOWN).map(({ path, line, text }) => `- \`${path}:${line}\` ${cell(text)}`),
  ...(marks.length > MARKS_SHOWN ? [`- and ${marks.length - MARKS_SHOWN} more`] : []),
  '',
  `## Commits: ${commits.total}`,
  '',
  ...(commits.newest
    ? [`Newest: ${commits.newest.subject} (${commits.newest.author}, ${commits.newest.date}).`, '']
    : ['There is no git history.', '']),
  ...(commits.total > 0
    ? table(
        ['author', 'commits'],
        commits.authors.map(([author, count]) => [cell(author), count]),
      )
    : []),
  ...(commits.total > 0 ? ['', ...table(['month', 'commits'], commits.months)] : []),
  '',
  '## Tests',
  '',
  `\`${tests.library}\`: ${tests.passed} of ${tests.total} passed in ${(tests.durationMs / 1000).toFixed(1)} s.`,
];

console.log(keepText('report.md', page.join('\n')));
