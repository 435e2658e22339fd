import { CHAIN_START, chainHash, type ChainHead, type ChainPosition, leafHash, type LinkedRecord, positionOf, type Sha256 } from './chain';

/** The first place where a chain is not what it must be. */
export interface ChainFault {
  /** `<seq>-<generation>` of the commit that is altered, missing or out of place. */
  readonly position: string;
  readonly problem: string;
}

/** What checking came to, so far or in the end. Nothing behind a fault is looked at. */
export interface ChainProof {
  /** Sound records. */
  readonly records: number;
  /** The last sound record. */
  readonly head: ChainHead;
  readonly fault?: ChainFault;
}

export const EMPTY_PROOF: ChainProof = { records: 0, head: CHAIN_START };

/** The leaf of a record: computed from its content, or what was kept of it. */
export const leafOf = ({ seq, generation, body, leaf }: LinkedRecord, sha256: Sha256): string =>
  body !== undefined ? leafHash({ seq, generation, body }, sha256) : (leaf ?? '');

/**
 * What is wrong with `record` as the one behind `head`; undefined when it is sound.
 *
 * @param leaf of the record, for a caller that has it already.
 */
export function recordFault(
  head: ChainHead,
  record: LinkedRecord,
  sha256: Sha256,
  leaf: string = leafOf(record, sha256),
): ChainFault | undefined {
  const { seq, generation, previous, hash } = record;
  const misplaced = placeFault(head, record);
  if (misplaced) return misplaced;
  const fault = (problem: string): ChainFault => ({ position: positionOf({ seq, generation }), problem });
  if (previous !== head.hash) return fault('It does not follow from the record before: "previous" is not that record\'s hash.');
  if (chainHash(previous, leaf, sha256) !== hash) return fault('Its content does not match its hash.');
  return undefined;
}

/** What is wrong with the place of `record` behind `head`, whatever is in it. */
export function placeFault(head: ChainHead, record: ChainPosition): ChainFault | undefined {
  const { seq, generation } = record;
  const expected = head.seq + 1;
  if (seq === expected && generation >= head.generation) return undefined;
  if (seq > expected)
    return {
      position: positionOf({ ...head, seq: expected }),
      problem: `The record is missing: ${positionOf(record)} comes in its place.`,
    };
  const position = positionOf({ seq: expected, generation: Math.max(generation, head.generation) });
  if (seq < expected) return { position, problem: `Record ${positionOf(record)} comes in its place, for the second time or out of order.` };
  return { position, problem: `Its generation ${generation} is below ${head.generation}, that of the record before.` };
}

/** Carries a proof on by one record; `undefined` stands for a line that could not be read. */
export function extendProof(proof: ChainProof, record: LinkedRecord | undefined, sha256: Sha256): ChainProof {
  if (proof.fault) return proof;
  const { head, records } = proof;
  if (!record) return { ...proof, fault: { position: positionOf({ ...head, seq: head.seq + 1 }), problem: 'The record cannot be read.' } };
  const fault = recordFault(head, record, sha256);
  if (fault) return { ...proof, fault };
  return { records: records + 1, head: { seq: record.seq, generation: record.generation, hash: record.hash } };
}

/**
 * Holds a proof against a head that is known from elsewhere, such as a checkpoint. It finds what no chain can show by
 * itself: that its end was cut off, or that all of it was written anew from some place on.
 */
export function confirmHead(proof: ChainProof, expected: ChainHead): ChainProof {
  const { head, fault } = proof;
  if (fault) return proof;
  if (head.seq < expected.seq) {
    const position = positionOf({ seq: head.seq + 1, generation: expected.generation });
    return { ...proof, fault: { position, problem: `The chain ends at ${positionOf(head)}, and must reach ${positionOf(expected)}.` } };
  }
  if (head.seq === expected.seq && (head.hash !== expected.hash || head.generation !== expected.generation)) {
    return {
      ...proof,
      fault: { position: positionOf(expected), problem: 'The chain is sound in itself, but its hash here is not the one that is known.' },
    };
  }
  return proof;
}

/**
 * Checks a whole chain.
 *
 * With `known`, heads known from elsewhere in ascending order of `seq`, the first record that departs from one of them is
 * found too.
 */
export function verifyChain(
  records: Iterable<LinkedRecord | undefined>,
  { sha256, known = [] }: { sha256: Sha256; known?: readonly ChainHead[] },
): ChainProof {
  let proof = EMPTY_PROOF;
  let next = 0;
  for (const record of records) {
    proof = extendProof(proof, record, sha256);
    const expected = known[next];
    if (expected && expected.seq === proof.head.seq) {
      proof = confirmHead(proof, expected);
      next++;
    }
    if (proof.fault) return proof;
  }
  const last = known.at(-1);
  return last ? confirmHead(proof, last) : proof;
}
