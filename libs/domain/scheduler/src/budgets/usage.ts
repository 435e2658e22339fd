import type { Usage } from '@torch/contracts';

/**
 * What is known of an attempt after a further report. Reports say what has been used since it began, so that one that is repeated
 * counts once; one that says less than the last does not take anything back.
 */
export function moreOf(before: Usage | undefined, { inputTokens, outputTokens, costUsd, model }: Usage): Usage {
  return {
    ...before,
    ...larger('inputTokens', before?.inputTokens, inputTokens),
    ...larger('outputTokens', before?.outputTokens, outputTokens),
    ...larger('costUsd', before?.costUsd, costUsd),
    ...(model === undefined ? {} : { model }),
  };
}

export const saysTokens = (usage: Usage | undefined): boolean => usage?.inputTokens !== undefined || usage?.outputTokens !== undefined;
export const saysCost = (usage: Usage | undefined): boolean => usage?.costUsd !== undefined;

function larger(name: keyof Usage, before = 0, now: number | undefined): Usage {
  return now === undefined ? {} : { [name]: Math.max(before, now) };
}
