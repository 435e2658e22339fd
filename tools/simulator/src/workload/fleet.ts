import type { AgentProfile } from '../agents/simulated-agent';

export const PROJECTS = ['amber', 'birch', 'cedar'] as const;
/** Nobody sets a limit here, and no task has any but the plainest needs. */
export const CALM_PROJECT = 'cedar';
export const ROLES = ['developer', 'tester'] as const;

/** The agents of one project. Between them they have what any task of the workload needs. */
export function fleetOf(project: string): readonly AgentProfile[] {
  const agent = (name: string, role: string, skills: readonly string[], capacity = 1): AgentProfile => ({
    agentId: `${project}-${name}`,
    project,
    role,
    skills,
    capacity,
    labels: { os: 'linux' },
  });
  return [
    agent('ada', 'developer', ['go:2', 'typescript:3']),
    agent('bob', 'developer', ['typescript:1'], 2),
    agent('cyd', 'developer', ['docs:1', 'go:3']),
    agent('dot', 'tester', ['typescript:2'], 2),
    agent('eve', 'tester', ['docs:2', 'go:1']),
  ];
}

/** What a task may need, each of which some agent of every fleet has. */
export const NEEDS: readonly { readonly role: string; readonly skills: readonly string[] }[] = [
  { role: 'developer', skills: [] },
  { role: 'developer', skills: ['typescript:1'] },
  { role: 'developer', skills: ['typescript:3'] },
  { role: 'developer', skills: ['go:2'] },
  { role: 'developer', skills: ['docs:1', 'go:3'] },
  { role: 'tester', skills: [] },
  { role: 'tester', skills: ['typescript:2'] },
  { role: 'tester', skills: ['docs:1'] },
];
