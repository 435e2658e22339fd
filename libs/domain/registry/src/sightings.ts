import type { EvidenceSeen, Heartbeat } from '@torch/contracts';

/** The last signs of life of one instance of an agent, epoch ms by kind, and when its connection or process was seen to be gone. */
export interface Sighting extends EvidenceSeen {
  readonly instance: string;
  readonly connectionGoneAtMs?: number;
  readonly processGoneAtMs?: number;
}

/** By agent. Soft state of the owner: not in the log, and empty when ownership begins. */
export type Sightings = Map<string, Sighting>;

/** Evidence about another instance than before begins anew: nothing that was seen of the one before says anything about it. */
export function note(sightings: Sightings, { agentId, instance, evidence = 'heartbeat', gone = false }: Heartbeat, atMs: number): void {
  const known = sightings.get(agentId);
  const before: Sighting = known?.instance === instance ? known : { instance };
  sightings.set(agentId, { ...before, ...seenAs(evidence, gone, atMs) });
}

function seenAs(evidence: NonNullable<Heartbeat['evidence']>, gone: boolean, atMs: number): Partial<Sighting> {
  switch (evidence) {
    case 'heartbeat':
      return { heartbeatAtMs: atMs };
    case 'progress':
      return { progressAtMs: atMs };
    case 'connection':
      return gone ? { connectionGoneAtMs: atMs } : { connectionAtMs: atMs, connectionGoneAtMs: undefined };
    case 'process':
      return gone ? { processGoneAtMs: atMs } : { processAtMs: atMs, processGoneAtMs: undefined };
  }
}

/** What the agent itself did to be seen, rather than what others saw of it. */
export const ownSignAtMs = ({ heartbeatAtMs = 0, progressAtMs = 0 }: Sighting): number => Math.max(heartbeatAtMs, progressAtMs);

/** What others than its heartbeat say of it. */
export const otherSignAtMs = ({ connectionAtMs = 0, processAtMs = 0, progressAtMs = 0 }: Sighting): number =>
  Math.max(connectionAtMs, processAtMs, progressAtMs);

export function evidenceSeen({ heartbeatAtMs, connectionAtMs, processAtMs, progressAtMs }: Sighting): EvidenceSeen {
  return {
    ...(heartbeatAtMs !== undefined && { heartbeatAtMs }),
    ...(connectionAtMs !== undefined && { connectionAtMs }),
    ...(processAtMs !== undefined && { processAtMs }),
    ...(progressAtMs !== undefined && { progressAtMs }),
  };
}
