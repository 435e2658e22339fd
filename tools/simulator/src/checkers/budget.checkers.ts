import type { BudgetExhausted, TaskProgressed, Usage } from '@torch/contracts';
import { type Account, type SeenEvent, Violation } from './account';
import { retell } from './retelling';

const tokensOf = ({ inputTokens = 0, outputTokens = 0 }: Usage = {}): number => inputTokens + outputTokens;

/** A report that passes a task's budget ends the attempt and the task in the same decision, and so does any budget that is spent. */
export function aSpentBudgetEndsTheTask(account: Account): void {
  /** Tokens of each attempt, by task. */
  const spent = new Map<string, Map<number, number>>();
  retell(account, (past, seen) => {
    const { type, project, data } = seen.event;
    const { taskId, attempt, usage } = data as TaskProgressed;
    if (type === 'budget.exhausted') {
      const stopped = sameCommit(seen, 'task.attempt-failed', taskId) && sameCommit(seen, 'task.failed', taskId);
      if (!stopped) throw new Violation(`The ${(data as BudgetExhausted).scope} budget is spent, and the task goes on.`, seen);
    }
    const task = past.task(seen.event);
    const budget = task?.spec.budget?.tokens;
    const key = `${project}/${taskId}`;
    if (type === 'task.requeued' && task?.ended) spent.delete(key); // A retry that somebody asks for has the whole budget again.
    if (type !== 'task.progressed' || budget === undefined || !usage) return;
    const attempts = spent.get(key) ?? new Map<number, number>();
    spent.set(key, attempts.set(attempt, Math.max(attempts.get(attempt) ?? 0, tokensOf(usage))));
    const total = [...attempts.values()].reduce((sum, tokens) => sum + tokens, 0);
    if (total > budget && !sameCommit(seen, 'budget.exhausted', taskId))
      throw new Violation(`${total} tokens are spent of ${budget}, and the task goes on.`, seen);
  });
}

const sameCommit = ({ event: { project }, commit }: SeenEvent, type: string, taskId: string): boolean =>
  commit.events.some((event) => event.type === type && event.project === project && (event.data as { taskId?: string }).taskId === taskId);
