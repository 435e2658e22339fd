import type { RegistryCommand } from '@torch/contracts';
import type { AgentRecord, RegistryState } from './registry.state';
import { heartbeatAnswer } from './registry.views';

/** The last sign of life of each agent. Soft state of the owner: not in the log, and empty when ownership begins. */
export type Sightings = Map<string, { readonly instance: string; readonly seenAtMs: number }>;

export interface PresenceConfig {
  /** Silence after which an agent is suspected. */
  readonly suspectedAfterMs: number;
  /** Silence after which it is lost. */
  readonly lostAfterMs: number;
  /** How long a new owner accuses nobody: agents need time to find it. */
  readonly graceMs: number;
  /** Commands of one look; the rest follow with the next one. */
  readonly commandsMax: number;
}

export const PRESENCE_DEFAULTS: PresenceConfig = { suspectedAfterMs: 10_000, lostAfterMs: 25_000, graceMs: 15_000, commandsMax: 1000 };

export interface PresenceLook {
  readonly state: RegistryState;
  readonly sightings: Sightings;
  /** When this owner's ownership began, epoch ms: nobody can have been seen by it before. */
  readonly ownedSinceMs: number;
  readonly nowMs: number;
  readonly config: PresenceConfig;
}

export type PresenceCommand = Pick<Extract<RegistryCommand, { type: 'SuspectAgent' | 'LoseAgent' | 'RecoverAgent' }>, 'type' | 'data'>;

/**
 * What the sightings say about who is there. Asking again before the answer is decided does no harm: the decider knows
 * what it has already decided.
 *
 * Recoveries come first: the losses behind them may push agents that have been gone for long out of the registry.
 */
export function presenceCommands(look: PresenceLook): PresenceCommand[] {
  const { commandsMax } = look.config;
  const recoveries: PresenceCommand[] = [];
  const accusations: PresenceCommand[] = [];
  for (const agent of look.state.agents.values()) {
    const command = commandFor(agent, look);
    if (!command) continue;
    const commands = command.type === 'RecoverAgent' ? recoveries : accusations;
    if (commands.length < commandsMax) commands.push(command);
  }
  return [...recoveries, ...accusations].slice(0, commandsMax);
}

function commandFor(agent: AgentRecord, { sightings, ownedSinceMs, nowMs, config }: PresenceLook): PresenceCommand | undefined {
  const { agentId, instance, presence } = agent;
  if (presence === 'deregistered') return undefined;

  const sighting = sightings.get(agentId);
  const seenAtMs = sighting?.instance === instance ? sighting.seenAtMs : undefined;
  if (presence !== 'live' && seenAtMs !== undefined && seenAtMs > (agent.goneAtMs ?? 0) && nowMs - seenAtMs < config.suspectedAfterMs) {
    return { type: 'RecoverAgent', data: { agentId, instance } };
  }
  if (presence === 'lost' || nowMs < ownedSinceMs + config.graceMs) return undefined;

  const lastSeenAtMs = Math.max(seenAtMs ?? 0, agent.lastSeenAtMs);
  const silentMs = nowMs - Math.max(lastSeenAtMs, ownedSinceMs);
  if (silentMs >= config.lostAfterMs) {
    return { type: 'LoseAgent', data: { agentId, instance, reason: `No heartbeat for ${silentMs} ms.`, lastSeenAtMs } };
  }
  return presence === 'live' && silentMs >= config.suspectedAfterMs
    ? { type: 'SuspectAgent', data: { agentId, instance, lastSeenAtMs } }
    : undefined;
}

/** Drops sightings of agents and instances that the registry does not know any more, so that the map stays as small as the fleet. */
export function forgetStrangers(state: RegistryState, sightings: Sightings): void {
  for (const [agentId, { instance }] of sightings) if (!heartbeatAnswer(state, { agentId, instance }).known) sightings.delete(agentId);
}
