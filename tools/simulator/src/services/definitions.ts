import type { ClaimGranted, ClaimRefused, ClaimReleased, GetTask, Heartbeat, ListAgentWork } from '@torch/contracts';
import { endedClaim, grantedClaim, heartbeatAnswer, refusedClaim, type RegistryState } from '@torch/domain-registry';
import { listAgentWork, reactionTo, type SchedulerState, taskView } from '@torch/domain-scheduler';
import type { OwnCommand, ServiceDefinition, Turn } from '@torch/host';
import type { AnyEvent } from '@torch/kernel';
import type { Deciders } from '../deciders';
import type { ArchiveKeeper } from './archive-keeper';
import type { PresenceWatch } from './presence-watch';

const NOTHING = { queries: new Map(), reactions: new Map(), effects: new Map() } as const;

/** Each service as its process makes it from its handlers: every command goes to the decider. */
export function registryService(deciders: Deciders, watch: PresenceWatch): ServiceDefinition<RegistryState> {
  return {
    ...NOTHING,
    service: 'registry',
    decider: deciders.registry as ServiceDefinition<RegistryState>['decider'],
    handleCommand: (command, turn) => turn.decide(command),
    queries: new Map([
      [
        'Heartbeat',
        (data, reading) => {
          watch.saw(reading, data as Heartbeat);
          return heartbeatAnswer(reading.state, data as Heartbeat);
        },
      ],
    ]),
    reactions: CLAIM_REACTIONS,
    onOwned: (owned) => watch.onOwned(owned),
    onReleased: (partition) => watch.onReleased(partition),
  };
}

const resolving = (resolutions: readonly object[]): OwnCommand[] => resolutions.map((data) => ({ type: 'ResolveConflict', data }));
const resolvingEnded: Reaction = ({ data }, { state }) => resolving(endedClaim(state, { taskId: (data as { taskId: string }).taskId }));

/** A refused claim opens a conflict, and what ends it resolves it. */
const CLAIM_REACTIONS: ReadonlyMap<string, Reaction> = new Map<string, Reaction>([
  [
    'claim.refused',
    ({ data }) => {
      const conflict = refusedClaim(data as ClaimRefused);
      return conflict ? [{ type: 'OpenConflict', data: conflict }] : [];
    },
  ],
  ['claim.granted', ({ data }, { state }) => resolving(grantedClaim(state, data as ClaimGranted))],
  ['claim.released', ({ data }, { state }) => resolving(endedClaim(state, { claimId: (data as ClaimReleased).claimId }))],
  ...['task.completed', 'task.attempt-failed', 'task.cancelled'].map((type) => [type, resolvingEnded] as const),
]);

type Reaction = (event: AnyEvent, turn: Turn<RegistryState>) => readonly OwnCommand[];

export function schedulerService(deciders: Deciders): ServiceDefinition<SchedulerState> {
  const decider = deciders.scheduler as ServiceDefinition<SchedulerState>['decider'];
  return {
    ...NOTHING,
    service: 'scheduler',
    decider,
    handleCommand: (command, turn) => turn.decide(command),
    queries: new Map<string, (data: unknown, reading: { state: SchedulerState }) => unknown>([
      ['ListAgentWork', (data, { state }) => listAgentWork(state, data as ListAgentWork)],
      ['GetTask', (data, { state }) => ({ task: taskView(state, (data as GetTask).taskId) })],
    ]),
    reactions: new Map(decider.foreign.map((type) => [type, (event, turn) => reactionTo(event, turn.state)])),
  };
}

export function gatewayService(deciders: Deciders): ServiceDefinition {
  return { ...NOTHING, service: 'gateway', decider: deciders.gateway, handleCommand: (command, turn) => turn.decide(command) };
}

export function auditService(deciders: Deciders, keeper: ArchiveKeeper): ServiceDefinition {
  return {
    ...NOTHING,
    service: 'audit',
    decider: deciders.audit,
    handleCommand: (command, turn) => turn.decide(command),
    prepare: (lease, readOn) => keeper.prepare(lease, readOn),
    onOwned: ({ partition }) => keeper.onOwned(partition),
    onReleased: (partition) => keeper.onReleased(partition),
  };
}
