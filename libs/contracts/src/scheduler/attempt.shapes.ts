import { Decimal, Id, ListOf, Optional, Text, Whole } from '../field';

/** What an attempt has used since it began; absent fields are unknown, not zero. */
export class Usage {
  @Optional() @Whole() inputTokens?: number;
  @Optional() @Whole() outputTokens?: number;
  @Optional() @Decimal({ min: 0, max: 1_000_000 }) costUsd?: number;
  @Optional() @Text({ max: 128 }) model?: string;
}

/** Why this agent: see docs/matching.md. */
export class AgentChoice {
  @Decimal({ min: 0, max: 1000 }) score!: number;
  /** Free agents that fit and were compared. */
  @Whole({ min: 2 }) considered!: number;
  /** The next best, best first. */
  @ListOf(() => ScoredAgent, { max: 3 }) next!: ScoredAgent[];
}

export class ScoredAgent {
  @Id() agentId!: string;
  @Decimal({ min: 0, max: 1000 }) score!: number;
}
