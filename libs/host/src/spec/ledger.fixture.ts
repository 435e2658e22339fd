import { type AnyCommand, type AnyEvent, type Decider, type NewEvent, Rejection } from '@torch/kernel';
import type { ServiceDefinition } from '../service';

/** The registry's contracts with the simplest rules that can go wrong: who is there, in which order. */
export interface Roll {
  names: string[];
}

export const rollDecider: Decider<Roll> = {
  foreign: [],
  initialState: () => ({ names: [] }),
  decide(state, command, { nowMs }): readonly NewEvent[] {
    const { agentId } = command.data as { agentId: string };
    if (command.type === 'DeregisterAgent') {
      if (!state.names.includes(agentId)) throw new Rejection('unknown-agent', `There is no agent "${agentId}".`);
      return [{ type: 'agent.deregistered', subject: `agent/${agentId}`, data: { agentId, reason: 'spec', deregisteredAtMs: nowMs } }];
    }
    if (state.names.includes(agentId)) throw new Rejection('agent-exists', `Agent "${agentId}" is there already.`);
    const data = {
      agentId,
      name: agentId,
      role: 'developer',
      skills: [],
      capacity: 1,
      harness: 'exec',
      instance: 'i',
      registeredAtMs: nowMs,
    };
    return [{ type: 'agent.registered', subject: `agent/${agentId}`, data }];
  },
  evolve(state, event) {
    const { agentId } = event.data as { agentId: string };
    if (event.type === 'agent.registered') state.names.push(agentId);
    if (event.type === 'agent.deregistered') state.names = state.names.filter((name) => name !== agentId);
    return state;
  },
  snapshot: { version: 1, encode: (state) => state.names, decode: (encoded) => ({ names: [...(encoded as string[])] }) },
};

/** The scheduler's contracts: remembers the order in which foreign and own events were taken in, which is what replay must repeat. */
export interface Diary {
  lines: string[];
  dueAtMs: number;
}

export const diaryDecider: Decider<Diary> = {
  foreign: ['agent.registered'],
  initialState: () => ({ lines: [], dueAtMs: Infinity }),
  decide(state, command, { nowMs }): readonly NewEvent[] {
    const demand = (role: string, waiting: number): NewEvent => ({
      type: 'demand.changed',
      subject: `demand/${role}`,
      data: { role, skills: [], waiting, fittingAgents: 0, changedAtMs: nowMs },
    });
    if (command.type === 'ReleaseAgent') return [demand('released', state.lines.length)];
    if (command.type === 'CancelRun') return [demand('noted', state.lines.length)];
    if (command.type === 'ExpireLease') return [demand('timer', state.lines.length)];
    throw new Rejection('unknown-command', command.type);
  },
  evolve(state, event) {
    const { agentId, role, waiting } = event.data as { agentId?: string; role?: string; waiting?: number };
    state.lines.push(event.type === 'agent.registered' ? `+${agentId}` : `${role}:${waiting}`);
    if (role === 'noted') state.dueAtMs = (event.data as { changedAtMs: number }).changedAtMs + 20;
    if (role === 'timer') state.dueAtMs = Infinity;
    return state;
  },
  dueAtMs: (state) => state.dueAtMs,
  due: (state, { nowMs }) => (state.dueAtMs <= nowMs ? [{ type: 'ExpireLease', data: { taskId: 't', attempt: 1 } }] : []),
  snapshot: {
    version: 1,
    encode: ({ lines, dueAtMs }) => ({ lines, dueAtMs: dueAtMs === Infinity ? null : dueAtMs }),
    decode: (encoded) => {
      const { lines, dueAtMs } = encoded as { lines: string[]; dueAtMs: number | null };
      return { lines: [...lines], dueAtMs: dueAtMs ?? Infinity };
    },
  },
};

export const rollService = (parts: Partial<ServiceDefinition<Roll>> = {}): ServiceDefinition<Roll> => ({
  service: 'registry',
  decider: rollDecider,
  handleCommand: (command, turn) => turn.decide(command),
  queries: new Map([['ListAgents', (_data: unknown, { state }) => ({ names: [...state.names] })]]),
  reactions: new Map(),
  effects: new Map(),
  ...parts,
});

/** Each registration is answered by a command of its own. */
export const diaryService = (parts: Partial<ServiceDefinition<Diary>> = {}): ServiceDefinition<Diary> => ({
  service: 'scheduler',
  decider: diaryDecider,
  handleCommand: (command: AnyCommand, turn) => turn.decide(command),
  queries: new Map(),
  reactions: new Map([
    [
      'agent.registered',
      (event: AnyEvent) => [{ type: 'ReleaseAgent', data: { agentId: (event.data as { agentId: string }).agentId, reason: 'agent-gone' } }],
    ],
  ]),
  effects: new Map(),
  ...parts,
});
