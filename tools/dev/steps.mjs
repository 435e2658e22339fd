import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The checkout that these scripts belong to. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A step could not be done, for a reason that its message explains to the user. */
export class StepFailed extends Error {
  name = 'StepFailed';
}

const seconds = (sinceMs) => `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;

/**
 * Runs one named step and says what it did and how long that took. `work` gets a function that says what is about to
 * happen, and answers with a few words on the outcome.
 */
export async function step(name, work, write = (line) => process.stdout.write(`${line}\n`)) {
  const startedMs = performance.now();
  try {
    const outcome = await work((line) => write(`${name}: ${line}`));
    write(`${name}: ${outcome} (${seconds(startedMs)})`);
  } catch (error) {
    write(`${name}: failed (${seconds(startedMs)})`);
    throw error;
  }
}

/**
 * Runs a program to its end without a prompt: its input is empty. Resolves with its exit code; a signal counts as 128.
 *
 * @throws StepFailed when it cannot be started.
 */
export function run(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'], ...options });
    child.once('error', (error) => reject(new StepFailed(`${program} could not be started: ${error.message}.`)));
    child.once('close', (code) => resolve(code ?? 128));
  });
}

/** Runs a program and keeps what it writes, for telling it only if something goes wrong. */
export function runQuietly(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const output = [];
    const child = spawn(program, args, { cwd: ROOT, ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
    child.once('error', (error) => reject(new StepFailed(`${program} could not be started: ${error.message}.`)));
    child.once('close', (code) => resolve({ code: code ?? 128, output: Buffer.concat(output).toString('utf8') }));
  });
}

/** Runs a script's main function; a failed step ends the process with exit code 1 and its message, without a stack. */
export async function main(work) {
  try {
    process.exitCode = (await work()) ?? 0;
  } catch (error) {
    process.stderr.write(error instanceof StepFailed ? `${error.message}\n` : `${error.stack}\n`);
    process.exitCode = 1;
  }
}

/** Whether a module is the script that Node was started with. */
export const isMain = (moduleUrl) => process.argv[1] !== undefined && fileURLToPath(moduleUrl) === realpathSync(process.argv[1]);
