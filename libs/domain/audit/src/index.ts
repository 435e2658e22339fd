export {
  CHAIN_START,
  type ChainEntry,
  type ChainHead,
  type ChainRecord,
  chainRecord,
  GENESIS_HASH,
  positionOf,
  type Sha256,
} from './chain';
export { decodeRecord, encodeRecord } from './chain.codec';
export { type ChainFault, type ChainProof, confirmHead, EMPTY_PROOF, extendProof, recordFault, verifyChain } from './chain.verification';
