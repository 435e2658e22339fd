import { budgetGate } from '../budgets';
import { claimGate } from '../claims';
import { quotaGate, stopGate } from '../limits';
import type { Gate } from './gate';

export type { Gate, GateRound, Hold } from './gate';

let all: readonly Gate[] | undefined;
/**
 * In the order in which they are asked: the first that holds a task back is the one that it is parked on. A function, because gates
 * may import what imports this file.
 */
export const gates = (): readonly Gate[] => (all ??= [stopGate, quotaGate, claimGate, budgetGate]);
