// Counts the files of the checkout by language, with their lines.
import { extname } from 'node:path';
import { filesHere, keep, textOf } from './checkout.mjs';

const LANGUAGES = {
  '.ts': 'TypeScript',
  '.tsx': 'TypeScript',
  '.js': 'JavaScript',
  '.mjs': 'JavaScript',
  '.cjs': 'JavaScript',
  '.lua': 'Lua',
  '.json': 'JSON',
  '.yaml': 'YAML',
  '.yml': 'YAML',
  '.md': 'Markdown',
  '.html': 'HTML',
  '.css': 'CSS',
  '.sh': 'Shell',
  '.py': 'Python',
  '.go': 'Go',
  '.rs': 'Rust',
};

const files = filesHere();
const byLanguage = new Map();
for (const { path, bytes } of files) {
  const language = LANGUAGES[extname(path).toLowerCase()] ?? 'other';
  const seen = byLanguage.get(language) ?? { language, files: 0, lines: 0, bytes: 0 };
  byLanguage.set(language, {
    language,
    files: seen.files + 1,
    lines: seen.lines + (textOf(path)?.split('\n').length ?? 0),
    bytes: seen.bytes + bytes,
  });
}
const languages = [...byLanguage.values()].sort((a, b) => b.lines - a.lines);
keep('files', { files, languages });
for (const { language, files: count, lines } of languages) console.log(`${language}: ${count} files, ${lines} lines`);
