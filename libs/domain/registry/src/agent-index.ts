import type { AgentPresence } from '@torch/contracts';
import { MinHeap } from '@torch/kernel';
import type { AgentRecord } from './registry.state';
import { SortedIds } from './sorted-ids';

/** Agents that no question about role, skills and presence can tell apart. */
interface AgentKind {
  readonly role: string;
  readonly skills: ReadonlySet<string>;
  readonly presence: AgentPresence;
  readonly ids: SortedIds;
}

export interface AgentFilter {
  readonly role?: string;
  /** All of them. */
  readonly skills?: readonly string[];
  readonly presence?: AgentPresence;
  /** Only ids behind this one. */
  readonly after?: string;
}

/**
 * Finds agents by role, skills and presence in the order of their ids.
 *
 * A fleet has many agents of few kinds: a question picks the kinds that fit, then merges their sorted ids, so that its
 * cost follows the number of kinds and of ids taken, and not the number of agents.
 */
export class AgentIndex {
  private readonly kinds = new Map<string, AgentKind>();
  private readonly byRole = new Map<string, Set<AgentKind>>();
  private readonly bySkill = new Map<string, Set<AgentKind>>();

  add(agent: AgentRecord): void {
    const key = kindKey(agent);
    let kind = this.kinds.get(key);
    if (!kind) {
      kind = { role: agent.role, skills: new Set(agent.skills), presence: agent.presence, ids: new SortedIds() };
      this.kinds.set(key, kind);
      file(this.byRole, kind.role, kind);
      for (const skill of kind.skills) file(this.bySkill, skill, kind);
    }
    kind.ids.add(agent.agentId);
  }

  /** `agent` must be as it was when it was added. */
  remove(agent: AgentRecord): void {
    const key = kindKey(agent);
    const kind = this.kinds.get(key);
    if (!kind) return;
    kind.ids.remove(agent.agentId);
    if (kind.ids.size > 0) return;
    this.kinds.delete(key);
    unfile(this.byRole, kind.role, kind);
    for (const skill of kind.skills) unfile(this.bySkill, skill, kind);
  }

  /** Ids of the agents that fit, in order. */
  *find(filter: AgentFilter): Generator<string> {
    const heads = new MinHeap<{ id: string; rest: Generator<string> }>((a, b) => a.id < b.id);
    const advance = (rest: Generator<string>): void => {
      const next = rest.next();
      if (!next.done) heads.push({ id: next.value, rest });
    };
    for (const kind of this.candidates(filter)) if (fits(kind, filter)) advance(kind.ids.after(filter.after));
    for (let head = heads.pop(); head; head = heads.pop()) {
      yield head.id;
      advance(head.rest);
    }
  }

  /** The shortest list of kinds that holds all that fit. */
  private candidates({ role, skills = [] }: AgentFilter): Iterable<AgentKind> {
    const lists = skills.map((skill) => this.bySkill.get(skill));
    if (role !== undefined) lists.push(this.byRole.get(role));
    if (lists.length === 0) return this.kinds.values();
    return lists.reduce((a, b) => ((a?.size ?? 0) <= (b?.size ?? 0) ? a : b)) ?? [];
  }
}

const kindKey = ({ role, skills, presence }: AgentRecord): string => `${presence} ${role} ${skills.join(' ')}`;

function fits(kind: AgentKind, { role, skills = [], presence }: AgentFilter): boolean {
  return (
    (role === undefined || kind.role === role) &&
    (presence === undefined || kind.presence === presence) &&
    skills.every((skill) => kind.skills.has(skill))
  );
}

function file(index: Map<string, Set<AgentKind>>, name: string, kind: AgentKind): void {
  const kinds = index.get(name);
  if (kinds) kinds.add(kind);
  else index.set(name, new Set([kind]));
}

function unfile(index: Map<string, Set<AgentKind>>, name: string, kind: AgentKind): void {
  const kinds = index.get(name);
  kinds?.delete(kind);
  if (kinds?.size === 0) index.delete(name);
}
