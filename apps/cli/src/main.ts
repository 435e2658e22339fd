import 'reflect-metadata';
import { runCli } from './cli';
import { processIo } from './cli-io';

void runCli(process.argv.slice(2), processIo(__filename)).then((exitCode) => {
  process.exitCode = exitCode;
});
