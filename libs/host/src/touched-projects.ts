/** What has touched each project since its conclusions were drawn last: projects to settle, those that have waited longest first. */
export class TouchedProjects {
  /** The one thing that touched it, by its causation id; undefined when there were several, or it has none. */
  private readonly causes = new Map<string, string | undefined>();

  get size(): number {
    return this.causes.size;
  }

  touch(project: string, causationId?: string): void {
    const isFirst = !this.causes.has(project) || this.causes.get(project) === causationId;
    this.causes.set(project, isFirst ? causationId : undefined);
  }

  /** The one that has waited longest. */
  next(): { readonly project: string; readonly causationId?: string } | undefined {
    for (const [project, causationId] of this.causes) return { project, causationId };
    return undefined;
  }

  /** It is settled. */
  done(project: string): void {
    this.causes.delete(project);
  }

  /** It has more to say, and lets the others have their turn first. */
  putBack(project: string): void {
    const causationId = this.causes.get(project);
    this.causes.delete(project);
    this.causes.set(project, causationId);
  }
}
