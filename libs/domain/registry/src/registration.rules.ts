import {
  type AgentDeregistered,
  type AgentRecovered,
  type AgentRegistered,
  type DeregisterAgent,
  type ProjectCreated,
  type ProjectDurabilitySet,
  type RegisterAgent,
  type SetProjectDurability,
  SYSTEM_PROJECT,
} from '@torch/contracts';
import { type AnyCommand, canonicalJson, type NewEvent, present, Rejection } from '@torch/kernel';
import { agentEvent, knownAgent } from './known-agent.rules';
import { goesOn } from './operation.rules';
import { type Abilities, type AgentRecord, isPresent, type RegistryState } from './registry.state';
import { highestLevels } from './skill-levels';

/** Ids that address somebody else: `operator` is the inbox of the people who run the project. */
const RESERVED_AGENT_IDS: readonly string[] = ['operator'];

export function createProject(state: RegistryState, project: string, nowMs: number): readonly NewEvent[] {
  if (project === SYSTEM_PROJECT) throw new Rejection('reserved-project', `"${project}" is Torch's own; choose another name.`);
  if (state.createdAtMs !== undefined) throw new Rejection('project-exists', `Project "${project}" exists since ${state.createdAtMs}.`);
  return [{ type: 'project.created', subject: `project/${project}`, data: { createdAtMs: nowMs } satisfies ProjectCreated }];
}

/** Set again to what it is, nothing happens. */
export function setDurability(
  state: RegistryState,
  { project, data: { durability } }: Pick<AnyCommand<string, SetProjectDurability>, 'project' | 'data'>,
  nowMs: number,
): readonly NewEvent[] {
  if (state.createdAtMs === undefined) throw new Rejection('unknown-project', `There is no project "${project}".`);
  if (state.durability === durability) return [];
  const data: ProjectDurabilitySet = { durability, setAtMs: nowMs };
  return [{ type: 'project.durability-set', subject: `project/${project}`, data }];
}

/**
 * The same instance with the same words says only that it is there: what was changed about it since stays changed, and
 * draining and pauses go on. With other words it is registered anew; another instance begins from nothing.
 *
 * @throws Rejection `reserved-agent-id`, `stale-instance`, `too-many-agents`.
 */
export function registerAgent(state: RegistryState, command: RegisterAgent, nowMs: number): readonly NewEvent[] {
  const { agentId, instance } = command;
  if (RESERVED_AGENT_IDS.includes(agentId)) throw new Rejection('reserved-agent-id', `"${agentId}" is reserved; choose another agentId.`);

  const known = state.agents.get(agentId);
  if (known?.replacedInstances.includes(instance)) {
    throw new Rejection('stale-instance', `Instance "${instance}" of agent "${agentId}" was replaced by "${known.instance}".`);
  }
  if (!(known && isPresent(known))) checkRoomForOneMore(state);

  const registered = registration(command, nowMs);
  const event = agentEvent('agent.registered', registered);
  if (known?.instance !== instance || known.presence === 'deregistered') return [event];
  if (!sameRegistration(known, registered)) return [event, ...goesOn(known, nowMs)];
  return known.presence === 'live' ? [] : [recovered(agentId, nowMs)];
}

function registration(command: RegisterAgent, nowMs: number): AgentRegistered {
  const { agentId, name = agentId, role, capacity = 1, harness, instance, node, pid, labels, model, version } = command;
  const skills = highestLevels(command.skills);
  return {
    agentId,
    name,
    role,
    skills,
    capacity,
    harness,
    instance,
    ...present({ node, pid, labels, model, version }),
    registeredAtMs: nowMs,
  };
}

function sameRegistration(known: AgentRecord, registered: AgentRegistered): boolean {
  const words = ({ name, role, harness, node, pid, version }: AgentRecord | AgentRegistered, abilities: Abilities): string =>
    canonicalJson({ name, role, harness, node, pid, version, abilities });
  return words(known, known.asRegistered ?? abilitiesOf(known)) === words(registered, abilitiesOf(registered));
}

export function abilitiesOf({ skills, labels, capacity, model }: Abilities): Abilities {
  return { skills, capacity, ...(labels && { labels }), ...(model !== undefined && { model }) };
}

export function recovered(agentId: string, nowMs: number): NewEvent {
  return agentEvent<AgentRecovered>('agent.recovered', { agentId, recoveredAtMs: nowMs });
}

export function deregisterAgent(state: RegistryState, { agentId, reason }: DeregisterAgent, nowMs: number): readonly NewEvent[] {
  const agent = knownAgent(state, agentId);
  if (agent.presence === 'deregistered') return [];
  return [agentEvent<AgentDeregistered>('agent.deregistered', { agentId, reason, deregisteredAtMs: nowMs })];
}

/** @throws Rejection `too-many-agents`. */
export function checkRoomForOneMore({ agents, gone, limits: { agentsPresentMax } }: RegistryState): void {
  const present = agents.size - gone.size;
  if (present >= agentsPresentMax)
    throw new Rejection('too-many-agents', `The project has ${present} agents present, and can have ${agentsPresentMax}.`);
}
