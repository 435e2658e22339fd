import type { EvidenceKind, EvidenceSeen, Heartbeat } from '@torch/contracts';

/** The last signs of life of one instance of an agent, epoch ms by kind, and when its connection or process was seen to be gone. */
export interface Sighting extends Readonly<Times> {
  readonly instance: string;
}

interface Times extends EvidenceSeen {
  connectionGoneAtMs?: number;
  processGoneAtMs?: number;
}

/** By agent. Soft state of the owner: not in the log, and empty when ownership begins. */
export type Sightings = Map<string, Sighting>;

/** Evidence about another instance than before begins anew: nothing that was seen of the one before says anything about it. */
export function note(sightings: Sightings, { agentId, instance, evidence = 'heartbeat', gone = false }: Heartbeat, atMs: number): void {
  let sighting = sightings.get(agentId);
  if (sighting?.instance !== instance) sightings.set(agentId, (sighting = { instance }));
  noteAs(sighting, { evidence, gone, atMs });
}

/** In place: a large fleet is seen tens of thousands of times a second. */
function noteAs(times: Times, { evidence, gone, atMs }: { evidence: EvidenceKind; gone: boolean; atMs: number }): void {
  switch (evidence) {
    case 'heartbeat':
      times.heartbeatAtMs = atMs;
      return;
    case 'progress':
      times.progressAtMs = atMs;
      return;
    case 'connection':
      if (!gone) times.connectionAtMs = atMs;
      times.connectionGoneAtMs = gone ? atMs : undefined;
      return;
    case 'process':
      if (!gone) times.processAtMs = atMs;
      times.processGoneAtMs = gone ? atMs : undefined;
  }
}

/** What the agent itself did to be seen, rather than what others saw of it. */
export const ownSignAtMs = ({ heartbeatAtMs = 0, progressAtMs = 0 }: Sighting): number => Math.max(heartbeatAtMs, progressAtMs);

/** What others than its heartbeat say of it. */
export const otherSignAtMs = ({ connectionAtMs = 0, processAtMs = 0, progressAtMs = 0 }: Sighting): number =>
  Math.max(connectionAtMs, processAtMs, progressAtMs);

/** Field by field: each agent of each answer has one. */
export function evidenceSeen({ heartbeatAtMs, connectionAtMs, processAtMs, progressAtMs }: Sighting): EvidenceSeen {
  const seen: EvidenceSeen = {};
  if (heartbeatAtMs !== undefined) seen.heartbeatAtMs = heartbeatAtMs;
  if (connectionAtMs !== undefined) seen.connectionAtMs = connectionAtMs;
  if (processAtMs !== undefined) seen.processAtMs = processAtMs;
  if (progressAtMs !== undefined) seen.progressAtMs = progressAtMs;
  return seen;
}
