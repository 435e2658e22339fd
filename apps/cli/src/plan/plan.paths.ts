import type { Plan } from '@torch/contracts';
import { resolve } from 'node:path';

/**
 * The plan with every working directory absolute: relative ones, and those that are not given, are those of `folder`, where
 * the command is run. A task without one works where the plan's agents of its role do.
 */
export function withWorkingDirectories(plan: Plan, folder: string): Plan {
  const agents = plan.agents?.map((agent) => ({ ...agent, cwd: resolve(folder, agent.cwd ?? '.') }));
  const ownRoles = new Set(agents?.map(({ role }) => role));
  const tasks = plan.tasks.map((task) =>
    task.cwd === undefined && ownRoles.has(task.role) ? task : { ...task, cwd: resolve(folder, task.cwd ?? '.') },
  );
  return { ...plan, ...(agents && { agents }), tasks };
}
