import { Queries } from '@torch/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { NotFound, type Principal } from '@torch/platform';
import { refusal } from '../api/refusal';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';
import type { AttemptRef } from './output-store.adapter';
import { Owners } from './owners.adapter';
import { RecentlyUsed } from './recently-used';

/** Knows which agent an attempt belongs to, so that nobody writes into the output of another's. */
@Injectable()
export class AttemptAccess {
  private readonly agents: RecentlyUsed<string>;

  constructor(
    private readonly owners: Owners,
    @Inject(GATEWAY_CONFIG) config: GatewayConfig,
  ) {
    this.agents = new RecentlyUsed(config.knownAttemptsMax);
  }

  /**
   * @throws NotFound when there is no such task, Refusal 409 `stale-attempt` when the attempt is not the latest, or not under
   * this assignment, and nobody remembers whose it was, Forbidden when it is another agent's.
   */
  async assertWritable(ref: AttemptRef & { readonly assignment: string }, caller: Principal): Promise<void> {
    const key = `${ref.project}/${ref.taskId}/${ref.attempt}/${ref.assignment}`;
    const agentId = this.agents.get(key) ?? (await this.agentOf(ref));
    this.agents.set(key, agentId);
    caller.requireAgent(agentId);
  }

  private async agentOf({ project, taskId, attempt, assignment }: AttemptRef): Promise<string> {
    const { task } = await this.owners.query(Queries.GetTask, project, { taskId });
    if (!task) throw new NotFound('unknown-task', `There is no task "${taskId}".`);
    if (task.attempt === attempt && task.assignment === assignment && task.agentId !== undefined) return task.agentId;
    const latest = `${task.attempt}, assignment ${task.assignment ?? 'none'}`;
    throw refusal(409, 'stale-attempt', `Attempt ${attempt}, assignment ${assignment}, of task "${taskId}" is not its latest: ${latest}.`);
  }
}
