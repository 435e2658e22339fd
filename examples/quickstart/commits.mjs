// Counts commits by author and month; a checkout without a history has none.
import { git, keep } from './checkout.mjs';

const AUTHORS_SHOWN = 10;
const MONTHS_SHOWN = 12;

const lines = git('log', '--format=%an%x09%aI%x09%s')?.trim().split('\n').filter(Boolean) ?? [];
const commits = lines.map((line) => line.split('\t'));
const count = (values) => [...values.reduce((counts, value) => counts.set(value, (counts.get(value) ?? 0) + 1), new Map())];
const authors = count(commits.map(([author]) => author))
  .sort(([, a], [, b]) => b - a)
  .slice(0, AUTHORS_SHOWN);
const months = count(commits.map(([, date]) => date.slice(0, 7)))
  .sort(([a], [b]) => b.localeCompare(a))
  .slice(0, MONTHS_SHOWN);
const [newest] = commits;
keep('commits', { total: commits.length, authors, months, newest: newest && { author: newest[0], date: newest[1], subject: newest[2] } });
console.log(commits.length === 0 ? 'no git history' : `${commits.length} commits by ${authors.length} authors; newest: ${newest[2]}`);
