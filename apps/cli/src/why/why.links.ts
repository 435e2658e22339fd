import type { AnyEvent } from '@torch/kernel';
import { compareEventPlaces } from '@torch/log';
import type { Fact, Facts } from './why.facts';
import type { WhyRelation } from './why.graph';

/** Evidence of one kind that an event is shown with; the newest. */
const EVIDENCE_MAX = 8;

/** Something that an event follows from by the rules, whether or not it names it as its cause. */
export interface Link {
  readonly relation: WhyRelation;
  readonly fact: Fact;
}

/** The fields by which events refer to each other. */
interface Named {
  readonly taskId: string;
  readonly runId: string;
  readonly agentId: string;
  readonly poolId: string;
  readonly spawnId: string;
  readonly messageId: string;
  readonly recipient: string;
  readonly inReplyTo?: string;
  readonly attempt: number;
  readonly reason: string;
  readonly spec: { readonly dependsOn: readonly string[]; readonly after?: readonly { readonly taskId: string }[] };
  readonly pool: { readonly role: string };
  readonly waiting: number;
}

type Rule = (fact: Fact, data: Named, look: Look) => Promise<readonly (Link | undefined)[]>;

/** Looks for what came before one event. */
class Look {
  constructor(
    private readonly fact: Fact,
    private readonly facts: Facts,
  ) {}

  async last(
    relation: WhyRelation,
    subject: string,
    types: readonly string[],
    fits: (data: Named) => boolean = () => true,
  ): Promise<Link | undefined> {
    const fact = await this.facts.lastBefore(this.fact, subject, ({ type, data }: AnyEvent) => types.includes(type) && fits(data as Named));
    return fact && { relation, fact };
  }

  /** Of each subject its last such event; the newest of them. */
  async lastOfEach(relation: WhyRelation, subjects: readonly string[], types: readonly string[]): Promise<readonly Link[]> {
    await this.facts.load(subjects);
    const found = await Promise.all(subjects.map((subject) => this.last(relation, subject, types)));
    return found
      .filter((link) => link !== undefined)
      .sort((one, other) => compareEventPlaces(one.fact.place, other.fact.place))
      .slice(-EVIDENCE_MAX);
  }

  about(subject: string): Promise<readonly Fact[]> {
    return this.facts.about(subject);
  }

  causedBy(id: string): Promise<readonly Fact[]> {
    return this.facts.causedBy(id);
  }
}

const TASK_ENDED_BADLY = ['task.failed', 'task.dead-lettered', 'task.cancelled', 'task.skipped'];

const CONTEXT_VERSIONS = ['context.updated', 'context.removed'];

const RULES: Readonly<Record<string, Rule>> = {
  'task.submitted': async (_, { runId }, look) => [await look.last('before', `run/${runId}`, ['run.submitted'])],
  'task.assigned': assigned,
  'task.started': async ({ event }, { attempt }, look) => [await ofAttempt(look, event, attempt, ['task.assigned'])],
  'task.progressed': async ({ event }, { attempt }, look) => [await ofAttempt(look, event, attempt, ['task.started'])],
  'task.completed': async ({ event }, { attempt }, look) => [await ofAttempt(look, event, attempt, ['task.started', 'task.assigned'])],
  'task.attempt-failed': attemptFailed,
  'task.retry-scheduled': async ({ event }, { attempt }, look) => [await ofAttempt(look, event, attempt, ['task.attempt-failed'])],
  'task.requeued': async ({ event }, { reason }, look) => [
    await look.last('before', event.subject, reason === 'retry-asked' ? TASK_ENDED_BADLY : ['task.retry-scheduled']),
  ],
  'task.failed': async ({ event }, _, look) => [await look.last('before', event.subject, ['task.attempt-failed'])],
  'task.dead-lettered': async ({ event }, _, look) => [await look.last('before', event.subject, ['task.attempt-failed'])],
  'task.cancelled': (fact, _, look) => neverDone(fact, look, TASK_ENDED_BADLY),
  'task.skipped': (fact, _, look) => neverDone(fact, look, [...TASK_ENDED_BADLY, 'task.completed']),
  'task.result-ignored': async ({ event }, { attempt }, look) => [
    await ofAttempt(look, event, attempt, ['task.attempt-failed', 'task.assigned']),
  ],
  'run.cancel-requested': async ({ event }, _, look) => [await look.last('before', event.subject, ['run.submitted'])],
  'run.ended': runEnded,
  'agent.registered': async (_, { agentId }, look) => [
    await look.last('before', `agent/${agentId}`, ['agent.spawned', 'agent.spawn-requested']),
  ],
  'agent.suspected': async ({ event }, _, look) => [await look.last('before', event.subject, ['agent.registered', 'agent.recovered'])],
  'agent.recovered': async ({ event }, _, look) => [await look.last('before', event.subject, ['agent.suspected'])],
  'agent.lost': async ({ event }, _, look) => [
    await look.last('before', event.subject, ['agent.suspected', 'agent.registered', 'agent.recovered']),
  ],
  'agent.deregistered': async ({ event }, _, look) => [await look.last('before', event.subject, ['agent.registered'])],
  'agent.spawn-requested': spawnRequested,
  'agent.spawned': async ({ event }, data, look) => [await ofSpawn(look, event, data, ['agent.spawn-requested'])],
  'agent.stop-requested': async ({ event }, data, look) => [await ofSpawn(look, event, data, ['agent.spawned', 'agent.spawn-requested'])],
  'agent.exited': async ({ event }, data, look) => [
    await ofSpawn(look, event, data, ['agent.stop-requested', 'agent.spawned', 'agent.spawn-requested']),
  ],
  'agent.quarantined': async ({ event }, _, look) => [
    await look.last('before', event.subject, ['pool.defined', 'agent.quarantine-released']),
  ],
  'agent.quarantine-released': async ({ event }, _, look) => [await look.last('before', event.subject, ['agent.quarantined'])],
  'pool.retired': async ({ event }, _, look) => [await look.last('before', event.subject, ['pool.defined'])],
  'approval.answered': async ({ event }, _, look) => [
    await look.last('before', event.subject, ['approval.escalated', 'approval.requested']),
  ],
  'approval.escalated': async ({ event }, _, look) => [await look.last('before', event.subject, ['approval.requested'])],
  'approval.withdrawn': async ({ event }, _, look) => [await look.last('before', event.subject, ['approval.requested'])],
  'claim.released': async ({ event }, _, look) => [await look.last('before', event.subject, ['claim.granted'])],
  'context.updated': async ({ event }, _, look) => [await look.last('before', event.subject, CONTEXT_VERSIONS)],
  'context.removed': async ({ event }, _, look) => [await look.last('before', event.subject, CONTEXT_VERSIONS)],
  'context.conflicted': async ({ event }, _, look) => [await look.last('before', event.subject, CONTEXT_VERSIONS)],
  'conflict.escalated': async ({ event }, _, look) => [await look.last('before', event.subject, ['conflict.opened'])],
  'conflict.resolved': async ({ event }, _, look) => [await look.last('before', event.subject, ['conflict.escalated', 'conflict.opened'])],
  'message.sent': async (_, { inReplyTo }, look) =>
    inReplyTo === undefined ? [] : [await look.last('before', `message/${inReplyTo}`, ['message.sent'])],
  'message.dispatched': async ({ event }, _, look) => [await look.last('before', event.subject, ['message.sent'])],
  'message.delivered': async ({ event }, data, look) => [await ofDelivery(look, event, data, ['message.dispatched', 'message.sent'])],
  'message.acked': async ({ event }, data, look) => [
    await ofDelivery(look, event, data, ['message.delivered', 'message.dispatched', 'message.sent']),
  ],
  'message.dead-lettered': async ({ event }, data, look) => [
    await ofDelivery(look, event, data, ['message.delivered', 'message.dispatched', 'message.sent']),
  ],
};

/** What an event follows from, as the rules have it. Events of other types follow from nothing but what they name. */
export async function linksOf(fact: Fact, facts: Facts): Promise<readonly Link[]> {
  const rule = RULES[fact.event.type];
  if (!rule) return [];
  const links = await rule(fact, fact.event.data as Named, new Look(fact, facts));
  return links.filter((link) => link !== undefined);
}

function ofAttempt(look: Look, { subject }: AnyEvent, attempt: number, types: readonly string[]): Promise<Link | undefined> {
  return look.last('before', subject, types, (data) => data.attempt === attempt);
}

function ofSpawn(look: Look, { subject }: AnyEvent, { spawnId }: Named, types: readonly string[]): Promise<Link | undefined> {
  return look.last('before', subject, types, (data) => data.spawnId === spawnId);
}

function ofDelivery(look: Look, { subject }: AnyEvent, { recipient }: Named, types: readonly string[]): Promise<Link | undefined> {
  return look.last('before', subject, types, (data) => data.recipient === undefined || data.recipient === recipient);
}

/** The task was ready, what it depends on had completed, and the agent was there with what the task asks for. */
async function assigned({ event }: Fact, { agentId }: Named, look: Look): Promise<readonly (Link | undefined)[]> {
  return [
    await look.last('before', event.subject, ['task.requeued', 'task.submitted']),
    await look.last('evidence', `agent/${agentId}`, ['agent.registered']),
    ...(await look.lastOfEach('evidence', await dependencies(event, look), ['task.completed'])),
  ];
}

async function attemptFailed({ event }: Fact, { attempt, agentId, reason }: Named, look: Look): Promise<readonly (Link | undefined)[]> {
  const gone = reason === 'agent-lost' ? ['agent.lost'] : reason === 'agent-gone' ? ['agent.deregistered', 'agent.registered'] : [];
  return [
    await ofAttempt(look, event, attempt, ['task.started', 'task.assigned']),
    gone.length === 0 ? undefined : await look.last('evidence', `agent/${agentId}`, gone),
  ];
}

/** Its run was cancelled, or a task that it waited for has ended otherwise than it waited for. */
async function neverDone({ event }: Fact, look: Look, endings: readonly string[]): Promise<readonly (Link | undefined)[]> {
  const submitted = await look.last('before', event.subject, ['task.submitted']);
  const { runId } = (submitted?.fact.event.data ?? {}) as Partial<Named>;
  return [
    submitted,
    runId === undefined ? undefined : await look.last('evidence', `run/${runId}`, ['run.cancel-requested']),
    ...(await look.lastOfEach('evidence', await dependencies(event, look), endings)),
  ];
}

/** Of the run's tasks those that did not complete: they decide how it ended. */
async function runEnded({ event }: Fact, { runId }: Named, look: Look): Promise<readonly (Link | undefined)[]> {
  const submitted = await look.last('before', `run/${runId}`, ['run.submitted']);
  const cause = submitted?.fact.event.causationId;
  const tasks = cause === undefined ? [] : (await look.causedBy(cause)).filter(({ event: { type } }) => type === 'task.submitted');
  return [
    submitted,
    await look.last('evidence', event.subject, ['run.cancel-requested']),
    ...(await look.lastOfEach(
      'evidence',
      tasks.map((task) => task.event.subject),
      TASK_ENDED_BADLY,
    )),
  ];
}

/** The pool asks for agents: because of its minimum, or of work that waits for its role. */
async function spawnRequested(_: Fact, { poolId }: Named, look: Look): Promise<readonly (Link | undefined)[]> {
  const pool = await look.last('evidence', `pool/${poolId}`, ['pool.defined']);
  const role = (pool?.fact.event.data as Named | undefined)?.pool.role;
  return [
    pool,
    role === undefined ? undefined : await look.last('evidence', `demand/${role}`, ['demand.changed'], ({ waiting }) => waiting > 0),
  ];
}

async function dependencies({ subject }: AnyEvent, look: Look): Promise<readonly string[]> {
  const submitted = (await look.about(subject)).find(({ event }) => event.type === 'task.submitted');
  const { spec } = (submitted?.event.data ?? {}) as Partial<Named>;
  const after = (spec?.after ?? []).map(({ taskId }) => taskId);
  return [...(spec?.dependsOn ?? []), ...after].map((taskId) => `task/${taskId}`);
}
