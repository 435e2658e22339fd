import type { WorkOutcome } from '../session/harness';
import { readFailure } from './result-file';

/** `EX_TEMPFAIL`: a rate limit. The result file says when to try again. */
export const EXIT_RATE_LIMITED = 75;
/** `EX_NOPERM`: no retry can mend it. */
export const EXIT_PERMANENT = 77;
/** When a rate-limited process does not say until when. */
export const RATE_LIMIT_WAIT_MS_DEFAULT = 60_000;

/** What a process that ended with this code, and not 0, has failed of. */
export async function failureOf(exitCode: number, resultPath: string): Promise<WorkOutcome & { readonly outcome: 'failed' }> {
  const nowMs = Date.now();
  const { message: own, retryAtMs = nowMs + RATE_LIMIT_WAIT_MS_DEFAULT } = await readFailure(resultPath, nowMs);
  const said = own === undefined ? '.' : `: ${own}`;
  const failed = { outcome: 'failed', reason: 'exit-code' } as const;
  if (exitCode === EXIT_RATE_LIMITED)
    return { ...failed, class: 'rate-limited', retryAtMs, message: `The command ended with exit code ${exitCode}, rate-limited${said}` };
  if (exitCode === EXIT_PERMANENT)
    return { ...failed, class: 'permanent', message: `The command ended with exit code ${exitCode}, for good${said}` };
  return { ...failed, class: 'retryable', message: `The command ended with exit code ${exitCode}${said}` };
}
