import type { Actor } from '@torch/kernel';
import { Forbidden } from './auth.errors';

/** Stands for every project in a token. */
export const ALL_PROJECTS = '*';

/** Who is asking, as their token proves it, and for what they may ask. */
export class Principal {
  constructor(
    /** `user:<name>` or `agent:<id>`. */
    readonly actor: Actor,
    readonly projects: readonly string[],
  ) {}

  /** The agent that this principal is; undefined for people. */
  get agentId(): string | undefined {
    return this.actor.startsWith('agent:') ? this.actor.slice('agent:'.length) : undefined;
  }

  mayUse(project: string): boolean {
    return this.projects.includes(ALL_PROJECTS) || this.projects.includes(project);
  }

  /** People act for any agent of their projects, an agent for itself only. */
  mayActFor(agentId: string): boolean {
    return this.agentId === undefined || this.agentId === agentId;
  }

  /** @throws Forbidden unless the project is one of the token's. */
  requireProject(project: string): void {
    if (!this.mayUse(project)) throw new Forbidden(`The token of ${this.actor} is not for project "${project}".`);
  }

  /** @throws Forbidden when an agent acts for another. */
  requireAgent(agentId: string): void {
    if (!this.mayActFor(agentId)) throw new Forbidden(`${this.actor} may act for itself only, not for agent "${agentId}".`);
  }
}
