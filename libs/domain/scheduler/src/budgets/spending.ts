import type { TaskSpec, Usage } from '@torch/contracts';
import { saturatingAdd } from '@torch/kernel';
import { addMicros, microsOf, type Sums, sumsOf } from './amounts';
import { saysCost, saysTokens } from './usage';

/** What a live attempt uses, as far as is known. */
export interface Spending {
  readonly taskId: string;
  readonly agentId: string;
  readonly beganAtMs: number;
  readonly metered?: true;
  readonly estimate?: Partial<Sums>;
  /** Of the task, where it has one: for all its attempts together. */
  readonly budget?: Partial<Sums>;
  /** Input and output. */
  input: number;
  output: number;
  micros: number;
  /** Bits: has it told of tokens, of its cost? */
  told: number;
}

const TOKENS_TOLD = 1;
const COST_TOLD = 2;

export interface Delta {
  readonly input: number;
  readonly output: number;
  readonly micros: number;
}

export function newSpending({ taskId, estimate, budget, metered }: TaskSpec, agentId: string, beganAtMs: number): Spending {
  return {
    taskId,
    agentId,
    beganAtMs,
    metered: metered ? true : undefined,
    estimate: sumsOf(estimate),
    budget: sumsOf(budget),
    input: 0,
    output: 0,
    micros: 0,
    told: 0,
  };
}

/** What `usage`, which is never less than before, adds. */
export function deltaOf({ input, output, micros }: Spending, { inputTokens = 0, outputTokens = 0, costUsd = 0 }: Usage): Delta {
  return {
    input: Math.max(0, inputTokens - input),
    output: Math.max(0, outputTokens - output),
    micros: Math.max(0, microsOf(costUsd) - micros),
  };
}

export function spend(spending: Spending, { input, output, micros }: Delta, usage: Usage): void {
  spending.input = saturatingAdd(spending.input, input);
  spending.output = saturatingAdd(spending.output, output);
  spending.micros = addMicros(spending.micros, micros);
  if (saysTokens(usage)) spending.told |= TOKENS_TOLD;
  if (saysCost(usage)) spending.told |= COST_TOLD;
}

/** What an attempt is taken to have used beside what it told, now that it is over: of a metered one, its estimate. */
export function untold({ metered, estimate, told }: Spending): Delta {
  return {
    input: metered && !(told & TOKENS_TOLD) ? (estimate?.tokens ?? 0) : 0,
    output: 0,
    micros: metered && !(told & COST_TOLD) ? (estimate?.micros ?? 0) : 0,
  };
}

/** Of its estimate, what it has not used yet. */
export const reservedTokens = ({ estimate, input, output }: Spending): number => Math.max(0, (estimate?.tokens ?? 0) - input - output);
export const reservedMicros = ({ estimate, micros }: Spending): number => Math.max(0, (estimate?.micros ?? 0) - micros);
export const reservedWallMs = ({ estimate, beganAtMs }: Spending, nowMs: number): number =>
  estimate?.wallMs === undefined ? 0 : Math.max(0, estimate.wallMs - Math.max(0, nowMs - beganAtMs));

/** Whether it is known to cost tokens or money at all: a plain command is not. */
export const spendsMoney = ({ metered, estimate, input, output, micros }: Spending): boolean =>
  metered === true || estimate?.tokens !== undefined || estimate?.micros !== undefined || input + output + micros > 0;
