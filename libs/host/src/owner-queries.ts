import { type OwnerView, type StateDigest, SUSPENDED_NAMED_MAX } from '@torch/contracts';
import { Rejection } from '@torch/kernel';
import type { Appender } from './appender';
import type { QueryEnvelope } from './envelope';
import type { HostClock } from './host.clock';
import type { LogCursor } from './log-cursor';
import type { PartitionState } from './partition-state';
import { projectDigest } from './replay';
import type { ServiceDefinition } from './service';

interface Answering<State> {
  readonly definition: ServiceDefinition<State>;
  readonly state: PartitionState<State>;
  readonly cursor: LogCursor;
  readonly appender: Appender;
  readonly clock: Pick<HostClock, 'nowMs'>;
  readonly commandsDecided: number;
  readonly decidedThrough: string;
}

/** Answers from the owner's memory: what every owner can tell of itself, or what its service has a handler for. */
export function answerQuery<State>(query: QueryEnvelope, owner: Answering<State>): unknown {
  if (query.type === 'GetDigest') return digest(query, owner);
  if (query.type === 'GetOwner') return ownerView(owner);
  const answer = owner.definition.queries.get(query.type);
  if (!answer) throw new Rejection('unknown-query', `${owner.definition.service} knows no query "${query.type}".`);
  return answer(query.data, {
    project: query.project,
    partition: owner.cursor.partition,
    nowMs: owner.clock.nowMs(),
    state: owner.state.state(query.project),
  });
}

function digest<State>({ project }: QueryEnvelope, { state }: Answering<State>): StateDigest {
  return { digest: projectDigest(state, project), ownSeq: state.ownSeq, foreignSeq: state.foreignSeq };
}

function ownerView<State>({ definition, state, cursor, appender, commandsDecided, decidedThrough }: Answering<State>): OwnerView {
  return {
    service: definition.service,
    partition: cursor.partition,
    holder: appender.currentLease.holder,
    epoch: appender.epoch,
    ownSeq: state.ownSeq,
    headSeq: cursor.seen.seq,
    catchingUp: state.read.seq < cursor.seen.seq,
    commandsDecided,
    decidedThrough,
    suspendedCount: state.suspensions.size,
    suspended: [...state.suspensions]
      .slice(0, SUSPENDED_NAMED_MAX)
      .map(([project, { incidentId, sinceMs, quarantined }]) => ({ project, incidentId, sinceMs, quarantined })),
  };
}
