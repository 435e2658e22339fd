import type { ClaimHolder, ClaimMode } from '@torch/contracts';
import { overlap, type PathGlob } from './path-glob';

/** One path that somebody holds. */
export interface Held extends ClaimHolder {
  /** Of all paths of one claim or attempt: what it is parked on, and woken by. */
  readonly key: string;
  readonly glob: PathGlob;
}

export interface Wanted {
  readonly glob: PathGlob;
  readonly mode: ClaimMode;
}

interface Node {
  readonly children: Map<string, Node>;
  readonly exclusive: Set<Held>;
  readonly shared: Set<Held>;
}

/**
 * What is held, by the part of its path before the first wildcard. A path is compared with what is held on the way to its own such
 * part and, when it has wildcards, below it: with nothing in other folders.
 */
export class ClaimIndex {
  private readonly spaces: Node = newNode();

  add(held: Held): void {
    let node = this.spaces;
    for (const name of placeOf(held.glob)) {
      let child = node.children.get(name);
      if (!child) {
        child = newNode();
        node.children.set(name, child);
      }
      node = child;
    }
    node[held.mode].add(held);
  }

  remove(held: Held): void {
    const way: { readonly node: Node; readonly name: string }[] = [];
    let node = this.spaces;
    for (const name of placeOf(held.glob)) {
      const child = node.children.get(name);
      if (!child) return;
      way.push({ node, name });
      node = child;
    }
    node[held.mode].delete(held);
    for (let step = way.pop(); step && isEmpty(node); step = way.pop()) {
      step.node.children.delete(step.name);
      node = step.node;
    }
  }

  /** What cannot be held beside it, in no order that means anything. */
  *conflicts({ glob, mode }: Wanted): Iterable<Held> {
    let node: Node | undefined = this.spaces;
    for (const name of placeOf(glob)) {
      node = node.children.get(name);
      if (!node) return;
      yield* heldAt(node, { glob, mode });
    }
    if (glob.literals === glob.segments.length) return;
    const below = [...node.children.values()];
    for (let next = below.pop(); next; next = below.pop()) {
      yield* heldAt(next, { glob, mode });
      below.push(...next.children.values());
    }
  }
}

function* heldAt({ exclusive, shared }: Node, { glob, mode }: Wanted): Iterable<Held> {
  for (const held of exclusive) if (overlap(held.glob, glob)) yield held;
  if (mode === 'shared') return;
  for (const held of shared) if (overlap(held.glob, glob)) yield held;
}

function* placeOf({ space, segments, literals }: PathGlob): Iterable<string> {
  yield space;
  for (let i = 0; i < literals; i++) yield (segments[i] as { text: string }).text;
}

const newNode = (): Node => ({ children: new Map(), exclusive: new Set(), shared: new Set() });
const isEmpty = ({ children, exclusive, shared }: Node): boolean => children.size === 0 && exclusive.size === 0 && shared.size === 0;
