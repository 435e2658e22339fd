import type { ApprovalView } from '@torch/contracts';
import type { AttemptName } from '../http/gateway.answers';
import type { ProjectClient } from '../http/project.client';
import type { Waited } from './time-limit';

const ASK_MS_MAX = 3000;
const QUESTIONS_MAX = 1000;

/** How long an attempt has waited for people's answers so far: time with several open questions counts once. */
export async function waitedForAnswers(project: ProjectClient, { taskId, attempt }: AttemptName): Promise<Waited> {
  const { approvals } = await project.approvals.list(
    { open: false, taskId, limit: QUESTIONS_MAX },
    { signal: AbortSignal.timeout(ASK_MS_MAX), retry: { attemptsMax: 1 } },
  );
  const asked = approvals.filter((approval) => approval.attempt === attempt);
  return { waitedMs: coveredMs(asked), waiting: asked.some(({ status }) => status === 'open') };
}

function coveredMs(asked: readonly ApprovalView[]): number {
  const spans = asked.flatMap(({ requestedAtMs, answeredAtMs }) =>
    answeredAtMs === undefined ? [] : [[requestedAtMs, answeredAtMs] as const],
  );
  let coveredUntilMs = 0;
  let sumMs = 0;
  for (const [fromMs, toMs] of spans.sort(([a], [b]) => a - b)) {
    sumMs += Math.max(0, toMs - Math.max(fromMs, coveredUntilMs));
    coveredUntilMs = Math.max(coveredUntilMs, toMs);
  }
  return sumMs;
}
