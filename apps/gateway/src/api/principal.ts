import { Forbidden, type Principal } from '@torch/platform';

/** @throws Forbidden when the principal is an agent. */
export function requirePerson(principal: Principal, what: string): void {
  if (principal.agentId !== undefined) throw new Forbidden(`${principal.actor} may not ${what}; that is for people.`);
}

/**
 * The agent that acts: the token's own, or the one that a person names in the body.
 *
 * @throws Forbidden when an agent names another.
 */
export function actingAgent(principal: Principal, named: unknown): string | undefined {
  if (principal.agentId === undefined) return named as string | undefined;
  if (named !== undefined) principal.requireAgent(String(named));
  return principal.agentId;
}
