import type { AgentRegistered, TaskSubmitted } from '@torch/contracts';
import { formatPosition } from '@torch/log';
import type { History } from '../history/history';
import { COMMAND_OF } from './why.commands';
import { type Fact, Facts } from './why.facts';
import type { WhyEdge, WhyGraph, WhyNode, WhyRelation } from './why.graph';
import { linksOf } from './why.links';
import { evidenceOf, matchOf, saysOf } from './why.says';

/** Events, commands and timers that one explanation shows. */
export const NODES_MAX = 400;
/** What followed from one event and is shown; the rest is counted. */
export const CONSEQUENCES_MAX = 12;

const TIMER = /^timer:(\d+)$/;

/** The causal chain of a subject. Undefined when nothing in the project's history is about it. */
export async function explain(history: History, subject: string): Promise<WhyGraph | undefined> {
  const facts = new Facts(history);
  const story = await facts.about(subject);
  if (story.length === 0) return undefined;
  const explanation = new Explanation(history, facts);
  for (const fact of story) await explanation.causesOf(fact);
  for (const fact of story) await explanation.consequencesOf(fact);
  return explanation.graph(subject, story);
}

class Explanation {
  private readonly nodes = new Map<string, WhyNode>();
  private readonly edges = new Map<string, WhyEdge>();
  private leftOut = 0;

  constructor(
    private readonly history: History,
    private readonly facts: Facts,
  ) {}

  graph(subject: string, story: readonly Fact[]): WhyGraph {
    const { project, partition } = this.history;
    return {
      subject,
      project,
      partition,
      story: story.map(({ id }) => id).filter((id) => this.nodes.has(id)),
      nodes: [...this.nodes.values()],
      edges: [...this.edges.values()],
      ...(this.leftOut > 0 && { leftOut: `${this.leftOut} more are left out: an explanation shows at most ${NODES_MAX}.` }),
    };
  }

  /** The event, and everything that led to it. The order is that of a person who asks on: what asked for it comes first. */
  async causesOf(first: Fact): Promise<void> {
    const open = [first];
    for (let fact = open.shift(); fact; fact = open.shift()) {
      if (this.nodes.has(fact.id)) continue;
      if (!this.add(await this.nodeOf(fact))) return;
      const named = await this.namedCause(fact);
      if (named) open.push(named);
      for (const { relation, fact: cause } of await linksOf(fact, this.facts)) {
        this.link(cause.id, fact.id, relation);
        open.push(cause);
      }
    }
  }

  /** What came of an event of the story besides the story itself. */
  async consequencesOf(fact: Fact): Promise<void> {
    const { causationId } = fact.event;
    const causes = [fact.id, ...(causationId !== undefined && this.nodes.has(commandNode(causationId)) ? [causationId] : [])];
    for (const cause of causes) {
      const followed = (await this.facts.causedBy(cause)).filter(({ id }) => !this.nodes.has(id));
      this.leftOut += Math.max(0, followed.length - CONSEQUENCES_MAX);
      for (const consequence of followed.slice(0, CONSEQUENCES_MAX)) {
        if (!this.add(await this.nodeOf(consequence))) return;
        this.link(cause === fact.id ? fact.id : commandNode(cause), consequence.id, cause === fact.id ? 'caused' : relationOf(consequence));
      }
    }
  }

  /** What the event itself names as its cause, put into the graph; given back when it is an event to be explained. */
  private async namedCause(fact: Fact): Promise<Fact | undefined> {
    const { causationId } = fact.event;
    if (causationId === undefined) return undefined;
    const [, dueAtMs] = TIMER.exec(causationId) ?? [];
    if (dueAtMs !== undefined) {
      const id = `timer/${fact.service}/${dueAtMs}`;
      if (this.nodes.has(id) || this.add(timerNode(id, Number(dueAtMs), fact))) this.link(id, fact.id, 'caused');
      return undefined;
    }
    const event = await this.facts.byId(causationId);
    if (event) {
      this.link(event.id, fact.id, 'caused');
      return event;
    }
    const id = commandNode(causationId);
    if (this.nodes.has(id) || this.add(await this.commandOf(id, causationId, fact))) this.link(id, fact.id, relationOf(fact));
    return undefined;
  }

  /** The sender is that of an event which the command was decided into: what it was concluded to is the service's own. */
  private async commandOf(id: string, causationId: string, fact: Fact): Promise<WhyNode> {
    const decided = (await this.facts.causedBy(causationId)).find(({ event }) => !event.actor.startsWith('service:')) ?? fact;
    const { event, service } = decided;
    const type = COMMAND_OF[event.type] ?? 'command';
    const at = placed(decided);
    return { id, kind: 'command', type, ...at, service, actor: event.actor, says: `by ${event.actor}, id ${causationId}`, evidence: {} };
  }

  private async nodeOf(fact: Fact): Promise<WhyNode> {
    const { id, event, service } = fact;
    const match = event.type === 'task.assigned' ? await this.match(fact) : undefined;
    return {
      id,
      kind: 'event',
      type: event.type,
      ...placed(fact),
      service,
      actor: event.actor,
      subject: event.subject,
      says: match === undefined ? saysOf(event) : `${saysOf(event)}: ${match}`,
      evidence: { ...evidenceOf(event), ...(match !== undefined && { match }) },
    };
  }

  private async match(fact: Fact): Promise<string | undefined> {
    const { agentId } = fact.event.data as { agentId: string };
    const submitted = await this.facts.lastBefore(fact, fact.event.subject, ({ type }) => type === 'task.submitted');
    const agent = await this.facts.lastBefore(fact, `agent/${agentId}`, ({ type }) => type === 'agent.registered');
    return submitted && agent && matchOf(submitted.event.data as TaskSubmitted, agent.event.data as AgentRegistered);
  }

  private add(node: WhyNode): boolean {
    if (this.nodes.size >= NODES_MAX) {
      this.leftOut++;
      return false;
    }
    this.nodes.set(node.id, node);
    return true;
  }

  /** The first relation of two stands: what an event names as its cause says more than what the rules know. */
  private link(from: string, to: string, relation: WhyRelation): void {
    const key = `${from} ${to}`;
    if (!this.edges.has(key)) this.edges.set(key, { from, to, relation });
  }
}

/** A command is decided into what its sender asked for; what a service then concludes is its own. */
const relationOf = ({ event }: Fact): WhyRelation => (event.actor.startsWith('service:') ? 'caused' : 'asked');

const commandNode = (causationId: string): string => `command/${causationId}`;

const placed = ({ place, recordedAtMs }: Fact): Pick<WhyNode, 'position' | 'at'> => ({
  position: formatPosition(place.position),
  at: new Date(recordedAtMs).toISOString(),
});

function timerNode(id: string, dueAtMs: number, fact: Fact): WhyNode {
  const says = `set for ${new Date(dueAtMs).toISOString()}`;
  return { id, kind: 'timer', type: 'timer', ...placed(fact), service: fact.service, actor: fact.event.actor, says, evidence: { dueAtMs } };
}
