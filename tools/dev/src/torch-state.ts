import { readFileSync, rmSync } from 'node:fs';
import { writeFileAtomically } from './atomic-file';
import type { DataDir } from './data-dir';

/** `waiting`: it crashed and waits for its back-off; `not-ready`: it runs but cannot serve, for example without the log. */
export type ProcessPhase = 'starting' | 'ready' | 'not-ready' | 'waiting' | 'stopped';

/** One supervised process. */
export interface ProcessState {
  readonly name: string;
  readonly phase: ProcessPhase;
  readonly pid?: number;
  /** With `pid`, its identity. */
  readonly startTicks?: number;
  /** Restarts since `torch up`. */
  readonly restarts: number;
  /** How it ended the last time. */
  readonly lastExit?: string;
  /** Epoch ms at which the phase began. */
  readonly sinceMs: number;
}

/** What `torch.json` says about the Torch that works on a data directory. */
export interface TorchState {
  /** The supervisor, `torch up` itself. */
  readonly pid: number;
  readonly startTicks: number;
  readonly phase: 'starting' | 'ready' | 'stopping';
  readonly url: string;
  /** Of a user who may only read, where the log server has users of Torch's. */
  readonly logUrl: string;
  readonly startedAtMs: number;
  /** Absent when the log server is somebody else's (`TORCH_LOG_URL`). */
  readonly logServer?: ProcessState;
  readonly services: readonly ProcessState[];
}

export function writeTorchState(dataDir: DataDir, state: TorchState): void {
  writeFileAtomically(dataDir.state, `${JSON.stringify(state, null, 2)}\n`);
}

/** Undefined when no Torch was started here, or the last one was stopped in order. */
export function readTorchState(dataDir: DataDir): TorchState | undefined {
  try {
    return JSON.parse(readFileSync(dataDir.state, 'utf8')) as TorchState;
  } catch {
    return undefined;
  }
}

export function removeTorchState(dataDir: DataDir): void {
  rmSync(dataDir.state, { force: true });
}
