import type { GateRole } from '@torch/log';
import type { ScriptTexts } from './scripts';
import type { LogTls } from './tls/log-tls';

/** How to reach the log server, and every limit of doing so. Times in milliseconds. */
export interface LogServerOptions {
  /** `redis://` or `rediss://`, with user, password and database number where needed. */
  readonly url: string;
  /** For `rediss://`; default: the authorities that Node trusts, and no certificate of this client's. */
  readonly tls?: LogTls;
  /** What every key and channel begins with; keeps several logs apart on one server. */
  readonly prefix?: string;
  /** How long `connectLogServer` waits for the first answer. */
  readonly connectMs?: number;
  /** A request without an answer by then fails, its outcome unknown. */
  readonly requestMs?: number;
  /** Longest pause between two attempts to connect again. */
  readonly reconnectMsMax?: number;
  /** Default: `none`. */
  readonly gate?: GateRole;
  readonly commandEntriesMax?: number;
  readonly cacheBytesMax?: number;
}

export type Settings = Required<Omit<LogServerOptions, 'tls'>> & Pick<LogServerOptions, 'tls'> & { readonly scripts: ScriptTexts };
