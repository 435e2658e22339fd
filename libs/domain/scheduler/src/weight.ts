import type { SchedulerState } from './scheduler.state';

/** The share of the key beside others of its priority: 1, unless a limit of the project says otherwise. */
export const weightOf = ({ quotas }: SchedulerState, key: string): number => quotas.weightOf(key);
