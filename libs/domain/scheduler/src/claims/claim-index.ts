import type { ClaimHolder, ClaimMode } from '@torch/contracts';
import { overlap, type PathGlob } from './path-glob';

export interface Wanted {
  readonly glob: PathGlob;
  readonly mode: ClaimMode;
}

/** One path that somebody holds. */
export interface Held extends ClaimHolder {
  /** Of all paths of one claim or attempt: what it is parked on, and woken by. */
  readonly key: string;
  readonly glob: PathGlob;
}

interface Node<Claim> {
  readonly children: Map<string, Node<Claim>>;
  readonly exclusive: Set<Claim>;
  readonly shared: Set<Claim>;
  /** Exclusive ones of it and of everything below. */
  exclusives: number;
}

/**
 * Paths by the part before the first wildcard. A path is compared with those on the way to its own such part and, when it has
 * wildcards, below it: with nothing in other folders.
 */
export class ClaimIndex<Claim extends Wanted = Held> {
  private readonly spaces = newNode<Claim>();

  add(claim: Claim): void {
    let node = this.spaces;
    for (const name of placeOf(claim.glob)) {
      let child = node.children.get(name);
      if (!child) {
        child = newNode();
        node.children.set(name, child);
      }
      node = child;
      if (claim.mode === 'exclusive') node.exclusives++;
    }
    node[claim.mode].add(claim);
  }

  remove(claim: Claim): void {
    const way: { readonly above: Node<Claim>; readonly name: string; readonly node: Node<Claim> }[] = [];
    let node = this.spaces;
    for (const name of placeOf(claim.glob)) {
      const child = node.children.get(name);
      if (!child) return;
      way.push({ above: node, name, node: child });
      node = child;
    }
    if (!node[claim.mode].delete(claim)) return;
    for (const step of way.reverse()) {
      if (claim.mode === 'exclusive') step.node.exclusives--;
      if (isEmpty(step.node)) step.above.children.delete(step.name);
    }
  }

  /** What cannot be had beside it, in no order that means anything. */
  *conflicts({ glob, mode }: Wanted): Iterable<Claim> {
    const mayConflict = ({ exclusives }: Node<Claim>): boolean => mode === 'exclusive' || exclusives > 0;
    let node: Node<Claim> | undefined = this.spaces;
    for (const name of placeOf(glob)) {
      node = node.children.get(name);
      if (!node || !mayConflict(node)) return;
      yield* conflictsAt(node, { glob, mode });
    }
    if (glob.literals === glob.segments.length) return;
    const below = [...node.children.values()];
    for (let next = below.pop(); next; next = below.pop()) {
      if (!mayConflict(next)) continue;
      yield* conflictsAt(next, { glob, mode });
      below.push(...next.children.values());
    }
  }
}

/** Whether the two cannot be had beside each other. */
export const isConflict = (a: Wanted, b: Wanted): boolean => (a.mode === 'exclusive' || b.mode === 'exclusive') && overlap(a.glob, b.glob);

function* conflictsAt<Claim extends Wanted>({ exclusive, shared }: Node<Claim>, { glob, mode }: Wanted): Iterable<Claim> {
  for (const claim of exclusive) if (overlap(claim.glob, glob)) yield claim;
  if (mode === 'shared') return;
  for (const claim of shared) if (overlap(claim.glob, glob)) yield claim;
}

function* placeOf({ space, segments, literals }: PathGlob): Iterable<string> {
  yield space;
  for (let i = 0; i < literals; i++) yield (segments[i] as { text: string }).text;
}

function newNode<Claim>(): Node<Claim> {
  return { children: new Map(), exclusive: new Set(), shared: new Set(), exclusives: 0 };
}

function isEmpty<Claim>({ children, exclusive, shared }: Node<Claim>): boolean {
  return children.size === 0 && exclusive.size === 0 && shared.size === 0;
}
