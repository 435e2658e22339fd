import {
  type AgentDeregistered,
  type AgentRegistered,
  type DeregisterAgent,
  type ProjectCreated,
  type ProjectDurabilitySet,
  type RegisterAgent,
  type SetProjectDurability,
  SYSTEM_PROJECT,
} from '@torch/contracts';
import { type AnyCommand, canonicalJson, type NewEvent, Rejection } from '@torch/kernel';
import { type AgentRecord, isPresent, type RegistryLimits, type RegistryState } from './registry.state';

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

export function registerAgent(state: RegistryState, command: RegisterAgent, nowMs: number, limits: RegistryLimits): readonly NewEvent[] {
  const { agentId, instance, name = agentId, role, capacity = 1, harness, node, pid } = command;
  if (RESERVED_AGENT_IDS.includes(agentId)) throw new Rejection('reserved-agent-id', `"${agentId}" is reserved; choose another agentId.`);

  const known = state.agents.get(agentId);
  if (known?.replacedInstances.includes(instance)) {
    throw new Rejection('stale-instance', `Instance "${instance}" of agent "${agentId}" was replaced by "${known.instance}".`);
  }
  if (!(known && isPresent(known))) checkRoomForOneMore(state, limits);

  const skills = [...new Set(command.skills)].sort();
  const registered: AgentRegistered = {
    agentId,
    name,
    role,
    skills,
    capacity,
    harness,
    instance,
    node,
    pid,
    registeredAtMs: nowMs,
  };
  if (known?.presence === 'live' && sameRegistration(known, registered)) return [];
  return [{ type: 'agent.registered', subject: `agent/${agentId}`, data: registered }];
}

function sameRegistration(known: AgentRecord, registered: AgentRegistered): boolean {
  const attributes = ({ name, role, skills, capacity, harness, instance, node, pid }: AgentRecord | AgentRegistered): string =>
    canonicalJson({ name, role, skills, capacity, harness, instance, node, pid });
  return attributes(known) === attributes(registered);
}

export function deregisterAgent(state: RegistryState, { agentId, reason }: DeregisterAgent, nowMs: number): readonly NewEvent[] {
  const agent = knownAgent(state, agentId);
  if (agent.presence === 'deregistered') return [];
  const data: AgentDeregistered = { agentId, reason, deregisteredAtMs: nowMs };
  return [{ type: 'agent.deregistered', subject: `agent/${agentId}`, data }];
}

/** @throws Rejection `too-many-agents`. */
export function checkRoomForOneMore({ agents, gone }: RegistryState, { agentsPresentMax }: RegistryLimits): void {
  const present = agents.size - gone.size;
  if (present >= agentsPresentMax)
    throw new Rejection('too-many-agents', `The project has ${present} agents present, and can have ${agentsPresentMax}.`);
}

/** @throws Rejection `unknown-agent`. */
export function knownAgent(state: RegistryState, agentId: string): AgentRecord {
  const agent = state.agents.get(agentId);
  if (!agent) throw new Rejection('unknown-agent', `No agent has the id "${agentId}".`);
  return agent;
}
