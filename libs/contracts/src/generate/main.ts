import 'reflect-metadata';
import { join } from 'node:path';
import { EVENTS } from '../registry-of-contracts';
import { contractDocuments, drift, writeDocuments } from './documents';
import { addSums, goldenProblems, readGoldenFolder } from './golden';

/** Run from the repository's root. With `--check` nothing is written, and differences end with exit code 1. */
const documentsFolder = join(process.cwd(), 'docs', 'contracts');
const goldenFolder = join(process.cwd(), 'libs', 'contracts', 'golden');
const documents = contractDocuments();

if (!process.argv.includes('--check')) {
  writeDocuments(documentsFolder, documents);
  addSums(goldenFolder);
}
const problems = [...drift(documentsFolder, documents), ...goldenProblems(EVENTS, readGoldenFolder(goldenFolder), [])];
for (const problem of problems) console.error(problem);
if (problems.length > 0) console.error('Run npm run contracts to write the documents anew.');
else console.log(`${documents.length} documents agree with the contracts.`);
process.exitCode = problems.length > 0 ? 1 : 0;
