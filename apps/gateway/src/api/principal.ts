import { ID_PATTERN } from '@torch/contracts';
import { Forbidden, type Principal } from '@torch/platform';
import { invalid, type Limits } from './contract.pipe';

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

/** As `actingAgent`. @throws RequestInvalid when a person names none, or what cannot be one. */
export function actingAgentOrRefuse(principal: Principal, named: unknown, limits: Limits): string {
  const agentId = actingAgent(principal, named);
  if (typeof agentId === 'string' && ID_PATTERN.test(agentId)) return agentId;
  const message = agentId === undefined ? '"agentId" is missing: name the agent that acts.' : '"agentId" must be the id of an agent.';
  throw invalid([{ pointer: '/agentId', message }], limits);
}
