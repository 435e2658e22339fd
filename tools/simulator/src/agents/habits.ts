/** What an agent may do otherwise than it should, one of them in each attempt. Each is a fault of the simulation, by its name. */
export const AGENT_FAULTS = ['agent-crash', 'agent-hang', 'agent-late', 'agent-twice', 'agent-lies', 'agent-old-attempt'] as const;
export type AgentFault = (typeof AGENT_FAULTS)[number];

/** How one attempt goes. Times in ms. */
export interface Habit {
  readonly fault?: AgentFault;
  readonly workMs: number;
  readonly outcome: 'complete' | 'fail' | 'fail-for-good' | 'rate-limited';
  readonly reports: number;
  /** A path that the agent claims while it works. */
  readonly claims?: string;
  /** Asks a person in the middle. */
  readonly asks?: boolean;
}
