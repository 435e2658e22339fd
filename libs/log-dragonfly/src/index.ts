export * from './access';
export { connectLogServer } from './dragonfly-log-server';
export { LOG_FORMAT, LogFormatUnknown } from './log-format';
export type { LogServerOptions } from './log-server-options';
export { LogServerTooOld } from './server-version';
