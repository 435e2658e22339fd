import type { FailureClass } from '@torch/contracts';
import type { WorkOutcome } from '../session/harness';
import { readFailure } from './result-file';

/** `EX_TEMPFAIL`: a rate limit. The result file says when to try again. */
export const EXIT_RATE_LIMITED = 75;
/** `EX_NOPERM`: no retry can mend it. */
export const EXIT_PERMANENT = 77;
/** When a rate-limited process does not say until when. */
export const RATE_LIMIT_WAIT_MS_DEFAULT = 60_000;

const CLASSES: ReadonlyMap<number, FailureClass> = new Map([
  [EXIT_RATE_LIMITED, 'rate-limited'],
  [EXIT_PERMANENT, 'permanent'],
]);

const IN_WORDS: Readonly<Record<FailureClass, string>> = {
  retryable: '',
  permanent: ', for good',
  'rate-limited': ', rate-limited',
  budget: ', with nothing left to spend',
};

/** What a process that ended with this code, and not 0, has failed of: as its result file says, else by the code. */
export async function failureOf(exitCode: number, resultPath: string): Promise<WorkOutcome & { readonly outcome: 'failed' }> {
  const nowMs = Date.now();
  const said = await readFailure(resultPath, nowMs);
  const failureClass = said.class ?? CLASSES.get(exitCode) ?? 'retryable';
  const why = said.message === undefined ? '.' : `: ${said.message}`;
  return {
    outcome: 'failed',
    reason: 'exit-code',
    class: failureClass,
    message: `The command ended with exit code ${exitCode}${IN_WORDS[failureClass]}${why}`,
    ...(failureClass === 'rate-limited' && { retryAtMs: said.retryAtMs ?? nowMs + RATE_LIMIT_WAIT_MS_DEFAULT }),
  };
}
