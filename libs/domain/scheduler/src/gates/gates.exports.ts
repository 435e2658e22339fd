import { budgetGate } from '../budgets/budgets.exports';
import { claimGate } from '../claims/claims.exports';
import { quotaGate, stopGate } from '../limits/limits.exports';
import type { Gate } from './gate';

export type { Gate, GateRound, Hold } from './gate';

let all: readonly Gate[] | undefined;
/**
 * In the order in which they are asked: the first that holds a task back is the one that it is parked on. A function, because gates
 * may import what imports this file.
 */
export const gates = (): readonly Gate[] => (all ??= [stopGate, quotaGate, claimGate, budgetGate]);

/** What may keep a task from starting when all its paths are free. */
export const gatesBesideClaims = (): readonly Gate[] => [stopGate, quotaGate, budgetGate];
