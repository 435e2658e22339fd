import { Describe, EnvMap, Labels, ListOf, Name, OneOf, Optional, ProjectName, Skills, Text, Verbatim, Whole } from '../field';
import { RUN_TASKS_MAX } from '../scheduler/scheduler.commands';
import { POOL_AGENTS_MAX, RUNTIMES, type Runtime } from '../spawner/pool-spec';
import { PlanTask } from './plan.task';

export class PlanAgents {
  @Describe('Tasks name it.') @Name() role!: string;
  @Optional() @Skills({ max: 64 }) skills?: string[];
  @Optional() @Labels() labels?: Record<string, string>;
  @Optional() @OneOf(RUNTIMES) runtime?: Runtime;
  @Describe('What drives the agents; exec runs shell commands.') @Optional() @Name() harness?: string;
  @Describe('Short for min and max of the same value.') @Optional() @Whole({ min: 1, max: POOL_AGENTS_MAX }) count?: number;
  @Describe('Agents kept running while the run lasts; default 0.') @Optional() @Whole({ min: 0, max: POOL_AGENTS_MAX }) min?: number;
  @Describe('Agents that demand may call for; default 1.') @Optional() @Whole({ min: 1, max: POOL_AGENTS_MAX }) max?: number;
  @Describe('Tasks that one agent takes at a time; default 1.') @Optional() @Whole({ min: 1, max: 1000 }) capacity?: number;
  @Optional() @EnvMap() env?: Record<string, string>;
  @Describe('Working directory; relative to where the plan is run from.') @Optional() @Verbatim() @Text({ min: 1, max: 4096 }) cwd?: string;
  @Describe("Ceiling for the resident memory of an agent's whole process group.")
  @Optional()
  @Whole({ min: 16, max: 1_048_576 })
  memoryMib?: number;
}

/** What `torch run` takes, as YAML or JSON, and what is posted to `/v1/projects/{project}/runs`. */
export class Plan {
  @Describe('Default: default.') @Optional() @ProjectName() project?: string;
  @Optional() @Text({ min: 1, max: 200 }) name?: string;
  @Optional() @ListOf(() => PlanAgents, { max: 64 }) agents?: PlanAgents[];
  @ListOf(() => PlanTask, { min: 1, max: RUN_TASKS_MAX }) tasks!: PlanTask[];
}
