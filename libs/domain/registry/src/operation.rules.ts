import type { AgentDraining, AgentPaused, AgentUpdated, DrainAgent, PauseAgent, RegistryCommand, UpdateAgent } from '@torch/contracts';
import { canonicalJson, type NewEvent, Rejection } from '@torch/kernel';
import { agentEvent, currentInstance, knownAgent, notDeregistered } from './known-agent.rules';
import type { AgentRecord, RegistryState } from './registry.state';
import { highestLevels } from './skill-levels';

/** Pauses that end, or begin by themselves, in one decision; the rest follow with the next one. */
const PAUSES_AT_ONCE_MAX = 500;

/** Only what differs is said. */
export function updateAgent(state: RegistryState, { agentId, ...wanted }: UpdateAgent, nowMs: number): readonly NewEvent[] {
  const agent = notDeregistered(knownAgent(state, agentId));
  const skills = wanted.skills && highestLevels(wanted.skills);
  const changes = {
    ...(differs(skills, agent.skills) && { skills }),
    ...(differs(wanted.labels, agent.labels) && { labels: wanted.labels }),
    ...(differs(wanted.capacity, agent.capacity) && { capacity: wanted.capacity }),
    ...(differs(wanted.model, agent.model) && { model: wanted.model }),
  };
  if (Object.keys(changes).length === 0) return [];
  return [agentEvent<AgentUpdated>('agent.updated', { agentId, ...changes, updatedAtMs: nowMs })];
}

const differs = (wanted: unknown, known: unknown): boolean =>
  wanted !== undefined && canonicalJson(wanted) !== canonicalJson(known ?? null);

export function drainAgent(state: RegistryState, { agentId, reason }: DrainAgent, nowMs: number): readonly NewEvent[] {
  const agent = notDeregistered(knownAgent(state, agentId));
  return agent.drainReason === undefined ? [draining(agentId, reason, nowMs)] : [];
}

/**
 * Without `pause` it ends the one that there is; with `untilMs` besides, only the one that was to last until then.
 *
 * @throws Rejection `unknown-agent`, `stale-instance`, `agent-deregistered`, `pause-over`.
 */
export function pauseAgent(state: RegistryState, { agentId, instance, pause, untilMs }: PauseAgent, nowMs: number): readonly NewEvent[] {
  const agent = notDeregistered(currentInstance(state, agentId, instance));
  if (pause === undefined) {
    const isMeant = agent.pause && (untilMs === undefined || agent.pause.untilMs === untilMs);
    return isMeant ? [paused(agentId, {}, nowMs)] : [];
  }
  if (agent.pause?.pause === pause && agent.pause.untilMs === untilMs) return [];
  if (untilMs !== undefined && untilMs <= nowMs) {
    throw new Rejection(
      'pause-over',
      `untilMs is ${untilMs}, and it is ${nowMs} already; give a later time, or none for a pause without end.`,
    );
  }
  return [paused(agentId, { pause, untilMs }, nowMs)];
}

/** What of an instance's state goes on when the same instance registers again. */
export function goesOn({ agentId, drainReason, pause }: AgentRecord, nowMs: number): readonly NewEvent[] {
  const events: NewEvent[] = [];
  if (drainReason !== undefined) events.push(draining(agentId, drainReason, nowMs));
  if (pause && (pause.untilMs ?? Infinity) > nowMs) events.push(paused(agentId, pause, nowMs));
  return events;
}

/** Whoever met a rate limit gets nothing new until the task is tried again that met it. */
export function pauseThrottled({ agents, ledger }: RegistryState, nowMs: number): readonly NewEvent[] {
  const events: NewEvent[] = [];
  for (const { agentId, untilMs } of ledger.throttled.latest()) {
    if (untilMs <= nowMs || events.length >= PAUSES_AT_ONCE_MAX) break;
    if (agents.has(agentId)) events.push(paused(agentId, { pause: 'rate-limited', untilMs }, nowMs));
  }
  return events;
}

/** When the next pause ends by itself, epoch ms; `Infinity` for never. */
export const pausesDueAtMs = ({ pauses, agents }: RegistryState): number => pauses.dueAtMs(agents);

export function pausesDue(
  { pauses, agents }: RegistryState,
  nowMs: number,
  max: number,
): readonly Pick<RegistryCommand, 'type' | 'data'>[] {
  return pauses.due(agents, nowMs, Math.min(max, PAUSES_AT_ONCE_MAX)).map(({ agentId, instance, pause }) => {
    const data: PauseAgent = { agentId, instance, ...(pause?.untilMs !== undefined && { untilMs: pause.untilMs }) };
    return { type: 'PauseAgent', data };
  });
}

const draining = (agentId: string, reason: string, nowMs: number): NewEvent =>
  agentEvent<AgentDraining>('agent.draining', { agentId, reason, drainingAtMs: nowMs });

const paused = (agentId: string, { pause, untilMs }: Pick<AgentPaused, 'pause' | 'untilMs'>, nowMs: number): NewEvent =>
  agentEvent<AgentPaused>('agent.paused', {
    agentId,
    ...(pause && { pause }),
    ...(pause && untilMs !== undefined && { untilMs }),
    pausedAtMs: nowMs,
  });
