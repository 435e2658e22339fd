import { Inject, Injectable } from '@nestjs/common';
import { NotFound, type Principal } from '@torch/platform';
import { Queries } from '../api/contract-names';
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
   * @throws NotFound when there is no such task, Refusal 409 `stale-attempt` when the attempt is not the latest and nobody
   * remembers whose it was, Forbidden when it is another agent's.
   */
  async assertWritable({ project, taskId, attempt }: AttemptRef, caller: Principal): Promise<void> {
    const key = `${project}/${taskId}/${attempt}`;
    const agentId = this.agents.get(key) ?? (await this.agentOf(project, taskId, attempt));
    this.agents.set(key, agentId);
    caller.requireAgent(agentId);
  }

  private async agentOf(project: string, taskId: string, attempt: number): Promise<string> {
    const { task } = await this.owners.query(Queries.GetTask, project, { taskId });
    if (!task) throw new NotFound('unknown-task', `There is no task "${taskId}".`);
    if (task.attempt === attempt && task.agentId !== undefined) return task.agentId;
    throw refusal(409, 'stale-attempt', `Attempt ${attempt} of task "${taskId}" is not its latest, ${task.attempt}.`);
  }
}
