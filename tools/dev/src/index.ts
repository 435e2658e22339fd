export { ACL_KINDS, type AclKind, aclFile, aclRules, LOG_USERS } from '@torch/log-dragonfly/access';
export { CappedLog, LOG_FILE_BYTES_MAX, LOG_FILES_KEPT } from './capped-log';
export { DATA_DIR_DEFAULT, type DataDir, dataDirAt } from './data-dir';
export { lockHolder } from './data-dir-lock';
export { type DetachedMessage, type DetachedUp, upDetached } from './detached-up';
export { checkPortIsFree } from './free-port';
export { ensureLogPasswords, readLogPasswords, withUser } from './log-passwords';
export { findLogServer, type LogServerBinary, type LogServerKind, LOG_SERVER_VERSION_MIN } from './log-server.binary';
export { type LogServerInfo, probeLogServer } from './log-server.probe';
export { identify, isAlive, type ProcessIdentity } from './process-identity';
export {
  GATEWAY_HOST_DEFAULT,
  GATEWAY_PORT_DEFAULT,
  type RunningTorch,
  startTorch,
  type StopSignals,
  type UpOptions,
  withoutPassword,
} from './start-torch';
export { type StopReport, stopTorch, STOP_WAIT_MS } from './stop-torch';
export { type ProcessPhase, type ProcessState, readTorchState, type TorchState } from './torch-state';
export { UpFailed, UpInterrupted } from './up.errors';
