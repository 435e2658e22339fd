export { auditDecider } from './audit.decider';
export { type AuditState, emptyAudit, type NotaryKeyState } from './audit.state';
export {
  CHAIN_START,
  type ChainEntry,
  chainHash,
  type ChainHead,
  type ChainPosition,
  type ChainRecord,
  chainRecord,
  GENESIS_HASH,
  leafHash,
  type LinkedRecord,
  positionOf,
  readPosition,
  type Sha256,
} from './chain';
export {
  type ChainFault,
  type ChainProof,
  confirmHead,
  EMPTY_PROOF,
  extendProof,
  leafOf,
  placeFault,
  recordFault,
  verifyChain,
} from './chain.verification';
export { type Checkpoint, formatCheckpoint, originOf, parseCheckpoint } from './checkpoint.codec';
export {
  decodeManifestLine,
  encodeManifestLine,
  MANIFEST_START,
  type ManifestFact,
  manifestHash,
  type ManifestLine,
  type SegmentPruned,
  type SegmentSealed,
  type SegmentUploaded,
} from './manifest.codec';
export {
  formatVkey,
  keyId,
  NOTE_LENGTH_MAX,
  type NoteKey,
  type NoteSignature,
  type NoteSigner,
  type NoteVerdict,
  openNote,
  parseNote,
  parseVkey,
  type SignedNote,
  signNote,
  type VerifierKey,
  type VerifySignature,
} from './note.codec';
export { keyNameOf } from './notary-key.rules';
export { HOLDS_MAX, RETENTION_RULES_MAX } from './retention.rules';
export { ERASURES_MAX } from './retention.state';
export { expiryOf, retentionView } from './retention.views';
export { decodeRecord, encodeRecord, RecordLine, writeRecord, type WrittenRecord } from './record.codec';
export { emptyRoot, foldNodes, Frontier, nodeHash } from './tree';
export {
  consistencyRanges,
  inclusionRanges,
  type LeafRange,
  type NodeHashes,
  nodesOf,
  proofOf,
  type TreeHead,
  type TreeNode,
  verifyConsistency,
  verifyInclusion,
} from './tree.proof';
