export { ACL_KINDS, type AclKind, aclFile, aclRules, type AclSettings } from './access/acl-rules';
export { LOG_USERS, type LogPasswords, type LogUser, READER, userOf } from './access/log-users';
export { EVERY, Keys, PREFIX_DEFAULT } from './keys';
export { type ConnectAttempt, connectReason } from './tls/connect-reason';
export { type LogTls, LogTlsInvalid, readLogTls } from './tls/log-tls';
export { tlsOption } from './tls/tls-option';
