import { type CommandContract, registryCommands, type RegisterAgent } from '@torch/contracts';
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
  const contract = registryCommands.find(({ type }) => type === 'RegisterAgent') as CommandContract;
  for (let from = 0; from < FLEET; from += AT_A_TIME) {
    const commands = Array.from({ length: AT_A_TIME }, (_, n) =>
      client.command(contract, { project: 'default', actor: 'user:bench' }, fleetAgent(from + n) as never, 120_000),
    );
    await Promise.all(commands);
  }
}
