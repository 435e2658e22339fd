import { EnvironmentInvalid, EnvironmentReader } from '@torch/platform';

/** What one question about history may cost. An answer that reaches a limit is short, and says where to go on. */
export interface HistoryConfig {
  /** How long one question is searched for, in milliseconds; a step of the search is always made. */
  readonly timeMs: number;
  /** Bytes of commits that one question goes through, decompressed. */
  readonly bytesMax: number;
  /** Of the events of one answer as JSON text; the event that reaches it is the last. */
  readonly answerCharsMax: number;
  /** Questions of a partition that are searched for at the same time; those beyond are told that it is busy. */
  readonly questionsMax: number;
  /** Events of an answer when the question does not say. */
  readonly limitDefault: number;
  /** Log entries that are read at a time. */
  readonly readEntriesMax: number;
}

export const HISTORY_CONFIG = Symbol('HISTORY_CONFIG');

export const HISTORY_DEFAULTS: HistoryConfig = {
  timeMs: 400,
  bytesMax: 256 * 1024 * 1024,
  answerCharsMax: 512 * 1024,
  questionsMax: 4,
  limitDefault: 100,
  readEntriesMax: 200,
};

/** @throws EnvironmentInvalid naming every variable whose value does not fit. */
export function readHistoryConfig(variables: NodeJS.ProcessEnv): HistoryConfig {
  const read = new EnvironmentReader(variables);
  const whole = (name: keyof HistoryConfig, variable: string, min: number, max: number): number =>
    read.whole(`TORCH_AUDIT_HISTORY_${variable}`, { min, max }) ?? HISTORY_DEFAULTS[name];
  const config: HistoryConfig = {
    timeMs: whole('timeMs', 'TIME_MS', 1, 60_000),
    bytesMax: whole('bytesMax', 'BYTES_MAX', 1024, 1024 ** 4),
    answerCharsMax: whole('answerCharsMax', 'ANSWER_CHARS_MAX', 1024, 64 * 1024 * 1024),
    questionsMax: whole('questionsMax', 'QUESTIONS_MAX', 1, 1000),
    limitDefault: whole('limitDefault', 'LIMIT_DEFAULT', 1, 1000),
    readEntriesMax: whole('readEntriesMax', 'READ_ENTRIES_MAX', 1, 10_000),
  };
  if (read.problems.length > 0) throw new EnvironmentInvalid(read.problems);
  return config;
}
