import { Commands, type Heartbeat, HEARTBEATS_MAX, Queries, type RegisterAgent } from '@torch/contracts';
import type { ConnectedTorchClient } from '@torch/host';

export const FLEET = 100_000;
/** Agents that the queued tasks are for; all others are of other roles. */
export const BUILDERS = 100;
export const BUILDER_ROLE = 'developer';
const ROLES = ['reviewer', 'tester', 'writer', 'analyst', 'designer', 'operator', 'planner', 'translator', 'auditor'];
const SKILLS = ['typescript:3', 'rust:2', 'go:4', 'python:5', 'sql:2', 'react:3', 'kubernetes:1', 'terraform:2'];
const AT_A_TIME = 5000;

/** The agent of this number: few builders, and many others of nine roles, three of eight skills, and four regions. */
export function fleetAgent(i: number): RegisterAgent {
  const isBuilder = i < BUILDERS;
  return {
    agentId: `agent-${String(i).padStart(6, '0')}`,
    role: isBuilder ? BUILDER_ROLE : (ROLES[i % ROLES.length] as string),
    skills: isBuilder ? ['typescript:3'] : [0, 1, 2].map((n) => SKILLS[(i * 7 + n * 3) % SKILLS.length] as string).sort(),
    labels: { region: ['eu', 'us', 'ap', 'sa'][i % 4] as string },
    harness: 'bench',
    instance: 'i',
    capacity: 1,
  };
}

/** Registers the whole fleet, some thousand commands at a time. */
export async function registerFleet(client: ConnectedTorchClient): Promise<void> {
  for (let from = 0; from < FLEET; from += AT_A_TIME) {
    const commands = Array.from({ length: AT_A_TIME }, (_, n) =>
      client.command(Commands.RegisterAgent, { project: 'default', actor: 'user:bench' }, fleetAgent(from + n), 120_000),
    );
    await Promise.all(commands);
  }
}

const HEARTBEAT_EVERY_MS = 3000;

/**
 * Every agent of the fleet is heard every three seconds, a thousand at a time: a silent fleet would be lost while it is asked for.
 *
 * @returns how to end it; resolves when no heartbeat is under way any more. Rejects if one was not answered.
 */
export function keepFleetAlive(client: ConnectedTorchClient): () => Promise<void> {
  const batches = Array.from({ length: FLEET / HEARTBEATS_MAX }, (_, batch) =>
    Array.from({ length: HEARTBEATS_MAX }, (_none, i) => {
      const { agentId, instance } = fleetAgent(batch * HEARTBEATS_MAX + i);
      return { agentId, instance };
    }),
  );
  let beat = 0;
  let last: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    const sent = client.query(Queries.NoteHeartbeats, 'default', { heartbeats: batches[beat++ % batches.length] as Heartbeat[] });
    last = Promise.all([last, sent]);
    last.catch(() => undefined); // Told by the end.
  }, HEARTBEAT_EVERY_MS / batches.length);
  return async () => {
    clearInterval(timer);
    await last;
  };
}
