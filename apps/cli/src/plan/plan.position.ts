import { type Document, isAlias, isMap, isPair, isScalar, isSeq, type Node, type Pair } from 'yaml';

/**
 * The offset in the file of what a JSON Pointer names. For a field that is missing, or is no field of a plan at all, that
 * of its key or of what it should be in.
 */
export function offsetOf(document: Document, pointer: string): number {
  let node = document.contents as Node | null;
  let offset = startOf(node) ?? 0;
  const path = pointer.split('/').slice(1).map(unescaped);
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document) ?? null;
    const found = isMap(node) ? node.items.find((pair) => keyOf(pair) === step) : isSeq(node) ? node.items[Number(step)] : undefined;
    if (found === undefined) return offset;
    offset = (isPair(found) ? startOf(found.key as Node) : startOf(found as Node)) ?? offset;
    node = (isPair(found) ? found.value : found) as Node | null;
  }
  return offset;
}

function startOf(node: Node | null | undefined): number | undefined {
  return node?.range?.[0];
}

function keyOf({ key }: Pair): string {
  return isScalar(key) ? String(key.value) : String(key);
}

const unescaped = (step: string): string => step.replaceAll('~1', '/').replaceAll('~0', '~');
