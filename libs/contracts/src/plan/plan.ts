import { DEPENDENCIES_MAX } from '../scheduler/task-spec';
import { Describe, Duration, EnvMap, Id, Ids, ListOf, Name, Names, OneOf, Optional, ProjectName, Text, Verbatim, Whole } from '../field';
import { RUN_TASKS_MAX } from '../scheduler/scheduler.commands';
import { POOL_AGENTS_MAX, RUNTIMES, type Runtime } from '../spawner/pool-spec';

export class PlanAgents {
  @Describe('Tasks name it.') @Name() role!: string;
  @Optional() @Names({ max: 64 }) skills?: string[];
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

export class PlanTask {
  @Describe('Unique in the plan.') @Id() key!: string;
  @Optional() @Text({ min: 1, max: 200 }) title?: string;
  @Name() role!: string;
  @Describe('Required, all of them.') @Optional() @Names({ max: 32 }) skills?: string[];
  @Describe('Wished for: agents that have them come first.') @Optional() @Names({ max: 32 }) prefer?: string[];
  @Describe('A shell command; exactly one of run and prompt.') @Optional() @Verbatim() @Text({ min: 1, max: 32_768 }) run?: string;
  @Describe('An instruction for a coding agent; exactly one of run and prompt.') @Optional() @Text({ min: 1, max: 32_768 }) prompt?: string;
  @Optional() @Verbatim() @Text({ min: 1, max: 4096 }) cwd?: string;
  @Optional() @EnvMap() env?: Record<string, string>;
  @Describe('Keys of tasks that must complete first.') @Optional() @Ids({ max: DEPENDENCIES_MAX }) dependsOn?: string[];
  @Describe('0 is first, 9 is last; default 5.') @Optional() @Whole({ min: 0, max: 9 }) priority?: number;
  @Describe('Of one attempt, such as 30s or 10m; default 30m.') @Optional() @Duration() timeout?: string;
  @Describe('Attempts after the first; default 2.') @Optional() @Whole({ min: 0, max: 100 }) retries?: number;
}

/** What `torch run` takes, as YAML or JSON, and what is posted to `/v1/projects/{project}/runs`. */
export class Plan {
  @Describe('Default: default.') @Optional() @ProjectName() project?: string;
  @Optional() @Text({ min: 1, max: 200 }) name?: string;
  @Optional() @ListOf(() => PlanAgents, { max: 64 }) agents?: PlanAgents[];
  @ListOf(() => PlanTask, { min: 1, max: RUN_TASKS_MAX }) tasks!: PlanTask[];
}
