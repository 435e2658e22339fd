export { type CertificateFiles, createTestAuthority, type TestAuthority } from './certificates';
export {
  DeciderRun,
  given,
  SPEC_ACTOR,
  SPEC_CORRELATION_ID,
  SPEC_PROJECT,
  SPEC_START_MS,
  type SpecCommand,
  type SpecEvent,
} from './decider-spec';
export { ExtremeRun, LOG_BYTES } from './extreme-run';
export { extremes } from './extremes';
export { FakeClock } from './fake-clock';
export { freePort } from './free-port';
export { GuardedProcess } from './guarded-process';
export { startLogServer, type StartLogServerOptions, type TestLogServer } from './log-server';
export { findLogServerProgram, type LogServerKind, type LogServerProgram, type TlsFiles } from './log-server-program';
export { propertyRounds } from './property-rounds';
export { SeededRandom } from './seeded-random';
export { startTcpProxy, type TcpProxy } from './tcp-proxy';
export { waitUntil, type WaitOptions } from './wait-until';
