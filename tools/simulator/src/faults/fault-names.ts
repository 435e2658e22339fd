import { AGENT_FAULTS, type AgentFault } from '../agents/habits';

/** What goes wrong between and in the processes of Torch. */
export const WORLD_FAULTS = {
  'lost-replies': 'answers of the log server are lost',
  'late-replies': 'answers of the log server come late',
  'late-requests': 'requests reach the log server late, some after the lease',
  'append-answer-lost': 'an append takes effect and its answer is lost',
  pause: 'a process stands still, some longer than its lease',
  crash: 'a process ends at once and is started again',
  'crash-without-snapshot': 'all owners of a service end, and their snapshots are gone',
  'log-restart': 'the log server is restarted with all of its data',
  'log-restart-older': 'the log server comes back with an older state of its data',
  'log-restart-empty': 'the log server comes back empty',
  'clock-forward': "a process's clock jumps forward, by up to an hour",
  'clock-back': "a process's clock jumps back, by up to an hour",
  'server-clock': "the log server's clock jumps",
  'poison-command': 'somebody sends a command on which the rules fail',
  partition: 'a process cannot reach the log server',
  'edge-replies': 'answers of gateways are lost or late',
} as const;
export type WorldFault = keyof typeof WORLD_FAULTS;

export type FaultName = WorldFault | AgentFault;
export const FAULT_NAMES: readonly FaultName[] = [...(Object.keys(WORLD_FAULTS) as WorldFault[]), ...AGENT_FAULTS];
