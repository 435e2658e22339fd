import type { WhyEdge, WhyGraph, WhyNode, WhyRelation } from './why.graph';

const RELATIONS: Readonly<Record<WhyRelation, string>> = { asked: 'asked by', caused: 'because of', evidence: 'seeing', before: 'after' };

interface Branch {
  readonly text: string;
  readonly children: readonly Branch[];
}

/**
 * The subject's story in its order: below each event what led to it, and what followed. Whatever is shown already is named
 * by its place alone.
 */
export function whyTree(graph: WhyGraph): string {
  const tree = new Tree(graph);
  const last = graph.nodes.find(({ id }) => id === graph.story.at(-1));
  const lines = graph.story.flatMap((id) => drawn(tree.told(id), '', ''));
  const end = graph.leftOut === undefined ? [] : ['', graph.leftOut];
  return [`${graph.subject} in project ${graph.project}: ${last?.type ?? ''}`, '', ...lines, ...end].join('\n');
}

class Tree {
  private readonly nodes: ReadonlyMap<string, WhyNode>;
  private readonly causes = new Map<string, WhyEdge[]>();
  private readonly effects = new Map<string, WhyEdge[]>();
  private readonly shown = new Set<string>();
  private readonly story: ReadonlySet<string>;

  constructor({ nodes, edges, story }: WhyGraph) {
    this.nodes = new Map(nodes.map((node) => [node.id, node]));
    this.story = new Set(story);
    for (const edge of edges) {
      if (!this.nodes.has(edge.from) || !this.nodes.has(edge.to)) continue;
      this.causes.set(edge.to, [...(this.causes.get(edge.to) ?? []), edge]);
      this.effects.set(edge.from, [...(this.effects.get(edge.from) ?? []), edge]);
    }
  }

  told(id: string): Branch {
    const node = this.nodes.get(id) as WhyNode;
    this.shown.add(id);
    return { text: eventText(node, ''), children: [...this.causesOf(id), ...this.followed(id)] };
  }

  private causesOf(id: string): Branch[] {
    return (
      (this.causes.get(id) ?? [])
        // The story above says it: one event after the other.
        .filter(({ from, relation }) => !(relation === 'before' && this.story.has(from)))
        .map(({ from, relation }) => this.cause(from, relation))
    );
  }

  private cause(id: string, relation: WhyRelation): Branch {
    const node = this.nodes.get(id) as WhyNode;
    if (this.shown.has(id) || this.story.has(id)) return { text: `${RELATIONS[relation]} ${briefText(node)}`, children: [] };
    this.shown.add(id);
    return { text: eventText(node, `${RELATIONS[relation]} `), children: this.causesOf(id) };
  }

  /** What the event led to, and what the command led to that it came from, outside of the story. */
  private followed(id: string): Branch[] {
    const commands = (this.causes.get(id) ?? []).filter(({ from }) => this.nodes.get(from)?.kind === 'command').map(({ from }) => from);
    const effects = [id, ...commands].flatMap((cause) => this.effects.get(cause) ?? []).map(({ to }) => to);
    return [...new Set(effects)]
      .filter((to) => !this.shown.has(to) && !this.story.has(to))
      .map((to) => {
        this.shown.add(to);
        return { text: eventText(this.nodes.get(to) as WhyNode, '→ then '), children: [] };
      });
  }
}

function eventText(node: WhyNode, lead: string): string {
  const { kind, type, position, at, service, actor, subject, says } = node;
  if (kind !== 'event') return `${lead}${type} ${says}`;
  const who = actor === `service:${service}` ? service : `${service}, for ${actor}`;
  return `${lead}${position}  ${at}  ${type}  ${subject}  by ${who}${says ? `: ${says}` : ''}`;
}

const briefText = ({ kind, type, position, says }: WhyNode): string => (kind === 'event' ? `${position} ${type}` : `${type} ${says}`);

function drawn({ text, children }: Branch, lead: string, indent: string): string[] {
  return [
    `${lead}${text}`,
    ...children.flatMap((child, i) => {
      const isLast = i === children.length - 1;
      return drawn(child, `${indent}${isLast ? '└─ ' : '├─ '}`, `${indent}${isLast ? '   ' : '│  '}`);
    }),
  ];
}
