import type { HostReadiness } from '@torch/host';

/** Pause between two looks until the process is ready for the first time, and after that. */
export const READINESS_START_MS = 100;
export const READINESS_EVERY_MS = 500;

export interface ReadinessMessage {
  readonly type: 'ready' | 'not-ready';
}

export interface ReadinessReport {
  readonly readiness: () => Promise<HostReadiness>;
  /** Called with every change, `ready` first. */
  readonly tell: (message: ReadinessMessage, readiness: HostReadiness) => void;
  readonly startMs?: number;
  readonly everyMs?: number;
}

/** Watches readiness and tells whoever started the process. @returns how to stop. */
export function reportReadiness({
  readiness,
  tell,
  startMs = READINESS_START_MS,
  everyMs = READINESS_EVERY_MS,
}: ReadinessReport): () => void {
  let told: ReadinessMessage['type'] = 'not-ready';
  let everReady = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    const found = await readiness();
    if (stopped) return;
    const type = found.ready ? 'ready' : 'not-ready';
    everReady ||= found.ready;
    if (type !== told) tell({ type }, found);
    told = type;
    timer = setTimeout(() => void look(), everReady ? everyMs : startMs);
  };
  void look();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
