import type { RegistryCommand } from '@torch/contracts';
import type { AgentRecord, RegistryState } from './registry.state';
import { heartbeatAnswer } from './registry.views';
import { otherSignAtMs, ownSignAtMs, type Sighting, type Sightings } from './sightings';

export interface PresenceConfig {
  /** Silence after which an agent is suspected. */
  readonly suspectedAfterMs: number;
  /** Silence after which it is lost, if another kind of evidence agrees. */
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

/** Agents, or sightings, that one step of a look goes over: what a question waits for, at each of its few ways through the event loop. */
const STEP = 200;

/**
 * What the sightings say about who is there; then forgets those of strangers, if there are any. Asking again before the answer is decided does no
 * harm: the decider knows what it has already decided.
 *
 * Recoveries come first: the losses behind them may push agents that have been gone for long out of the registry.
 *
 * Yields between its steps, so that whoever looks at a large fleet can answer others meanwhile; `presenceCommands` is the same at one go.
 */
export function* presenceLook(look: PresenceLook): Generator<void, readonly PresenceCommand[], void> {
  const { commandsMax } = look.config;
  const recoveries: PresenceCommand[] = [];
  const accusations: PresenceCommand[] = [];
  let agentsSeen = 0;
  yield* inSteps(look.state.agents.values(), (agent) => {
    const sighting = sightingOf(agent, look);
    if (sighting) agentsSeen++;
    const command = commandFor(agent, sighting, look);
    if (!command) return;
    const commands = command.type === 'RecoverAgent' ? recoveries : accusations;
    if (commands.length < commandsMax) commands.push(command);
  });
  if (look.sightings.size > agentsSeen) yield* inSteps(look.sightings, (sighting) => forgetStranger(look, sighting));
  return [...recoveries, ...accusations].slice(0, commandsMax);
}

export function presenceCommands(look: PresenceLook): readonly PresenceCommand[] {
  const steps = presenceLook(look);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

function* inSteps<Item>(items: Iterable<Item>, each: (item: Item) => void): Generator<void, void, void> {
  let done = 0;
  for (const item of items) {
    if (done > 0 && done % STEP === 0) yield;
    each(item);
    done++;
  }
}

/** Of the instance that is present; nothing that was seen of another one says anything about it. */
function sightingOf({ agentId, instance, presence }: AgentRecord, { sightings }: PresenceLook): Sighting | undefined {
  if (presence === 'deregistered') return undefined;
  const sighting = sightings.get(agentId);
  return sighting?.instance === instance ? sighting : undefined;
}

function commandFor(agent: AgentRecord, found: Sighting | undefined, look: PresenceLook): PresenceCommand | undefined {
  const { agentId, instance, presence } = agent;
  if (presence === 'deregistered') return undefined;

  const { ownedSinceMs, nowMs, config } = look;
  const sighting: Sighting = found ?? { instance };
  if (presence !== 'live' && isBack(agent, sighting, look)) return { type: 'RecoverAgent', data: { agentId, instance } };
  if (presence === 'lost' || nowMs < ownedSinceMs + config.graceMs) return undefined;

  const lastSeenAtMs = Math.max(ownSignAtMs(sighting), agent.lastSeenAtMs);
  const heardAtMs = Math.max(ownSignAtMs(sighting), unlessAhead(agent.lastSeenAtMs, nowMs), ownedSinceMs);
  const reason = whyLost(sighting, heardAtMs, look);
  if (reason !== undefined) return { type: 'LoseAgent', data: { agentId, instance, reason, lastSeenAtMs } };
  return presence === 'live' && nowMs - heardAtMs >= config.suspectedAfterMs
    ? { type: 'SuspectAgent', data: { agentId, instance, lastSeenAtMs } }
    : undefined;
}

/** Only what an agent does itself brings it back; that its connection or process is still there does not. */
function isBack({ goneAtMs = 0 }: AgentRecord, sighting: Sighting, { nowMs, config }: PresenceLook): boolean {
  const seenAtMs = ownSignAtMs(sighting);
  return seenAtMs > unlessAhead(goneAtMs, nowMs) && nowMs - seenAtMs < config.suspectedAfterMs;
}

/** What a clock that was ahead has written says nothing about silence. */
const unlessAhead = (atMs: number, nowMs: number): number => (atMs <= nowMs ? atMs : 0);

/**
 * Silence alone loses nobody: a second kind of evidence has to agree with it. It does if somebody saw the connection or the
 * process go, or if nobody has seen anything of the agent for as long. A process that was seen to end needs no second kind.
 */
function whyLost(sighting: Sighting, heardAtMs: number, { ownedSinceMs, nowMs, config }: PresenceLook): string | undefined {
  if ((sighting.processGoneAtMs ?? 0) > ownSignAtMs(sighting)) return 'Its process was seen to be gone.';
  const silentMs = nowMs - heardAtMs;
  if (silentMs < config.lostAfterMs) return undefined;
  const silence = `No heartbeat for ${silentMs} ms`;
  if (sighting.connectionGoneAtMs !== undefined) return `${silence}, and its connection has ended.`;
  if (sighting.processGoneAtMs !== undefined) return `${silence}, and its process was seen to be gone.`;
  const unseenMs = nowMs - Math.max(otherSignAtMs(sighting), ownedSinceMs);
  return unseenMs >= config.lostAfterMs ? `${silence}, and no other sign of life either.` : undefined;
}

/** Of agents and instances that the registry does not know any more: the sightings stay as few as the fleet. */
function forgetStranger({ state, sightings }: PresenceLook, [agentId, { instance }]: readonly [string, Sighting]): void {
  if (!heartbeatAnswer(state, { agentId, instance }).known) sightings.delete(agentId);
}
