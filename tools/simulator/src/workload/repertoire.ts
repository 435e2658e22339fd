import { commandContract } from '@torch/contracts';
import { type AnyCommand, InvariantViolation } from '@torch/kernel';
import type { Deciders, SimulatedService } from '../deciders';

/** Which commands the rules of a world decide. What has a contract and no rule is left out of the workload. */
export class Repertoire {
  private readonly known = new Map<string, boolean>();

  constructor(private readonly deciders: Deciders) {}

  has(type: string): boolean {
    let isKnown = this.known.get(type);
    if (isKnown === undefined) this.known.set(type, (isKnown = this.isDecided(type)));
    return isKnown;
  }

  private isDecided(type: string): boolean {
    const decider = this.deciders[commandContract(type)?.service as SimulatedService];
    const command: AnyCommand = { type, project: 'any', actor: 'user:any', correlationId: 'any', data: {} };
    try {
      decider.decide(decider.initialState(), command, { nowMs: 0, newId: () => 'any' });
      return true;
    } catch (error) {
      return !(error instanceof InvariantViolation); // Refused, or confused by a command without data: there is a rule.
    }
  }
}
