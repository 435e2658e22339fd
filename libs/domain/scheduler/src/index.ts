export { schedulerDecider, schedulerDeciderWith, type SchedulerDecider } from './decider';
export { reactionTo } from './release-agent';
export type { AgentEvent } from './scheduler.facts';
export { SCHEDULER_LIMITS, type SchedulerLimits } from './scheduler.limits';
export { listAgentWork, listRuns, listTasks, RUNS_PAGE_DEFAULT, runView, TASKS_PAGE_DEFAULT, taskView } from './scheduler.reads';
export type { AgentState, RunState, SchedulerState, TaskState } from './scheduler.state';
