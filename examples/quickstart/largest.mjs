// Finds the largest files among those that were counted.
import { keep, kept } from './checkout.mjs';

const SHOWN = 10;

const largest = kept('files')
  .files.sort((a, b) => b.bytes - a.bytes)
  .slice(0, SHOWN);
keep('largest', largest);
for (const { path, bytes } of largest) console.log(`${bytes}  ${path}`);
