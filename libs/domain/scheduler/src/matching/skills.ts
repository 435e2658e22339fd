/** What an agent has, or a task needs: the highest level of each skill. */
export type SkillLevels = ReadonlyMap<string, number>;

/** `typescript:3` is a level; a bare `typescript` is level 1, which every agent with the skill has. */
export function skillLevels(skills: readonly string[]): SkillLevels {
  const levels = new Map<string, number>();
  for (const skill of skills) {
    const colon = skill.indexOf(':');
    const name = colon < 0 ? skill : skill.slice(0, colon);
    const level = colon < 0 ? 1 : Number(skill.slice(colon + 1));
    if (level > (levels.get(name) ?? 0)) levels.set(name, level);
  }
  return levels;
}

/** Sorted, each skill once: equal for lists that mean the same. */
export function canonicalSkills(skills: readonly string[]): readonly string[] {
  if (skills.length === 0 || (skills.length === 1 && !skills[0]?.includes(':'))) return skills;
  return [...skillLevels(skills)].map(([name, level]) => (level === 1 ? name : `${name}:${level}`)).sort();
}

export const hasSkill = (has: SkillLevels, name: string, level: number): boolean => (has.get(name) ?? 0) >= level;

export type LabelTexts = Readonly<Record<string, string>>;

/** Sorted by name: equal for labels that mean the same. */
export function labelKey(labels: LabelTexts | undefined): string {
  if (!labels) return '';
  const names = Object.keys(labels).sort();
  return names.map((name) => `${name}=${JSON.stringify(labels[name])}`).join(',');
}

export interface Requirements {
  readonly levels: SkillLevels;
  readonly labels: LabelTexts | undefined;
}

/** Whether what `has` has is all that `needs` asks for. */
export function fits(has: Requirements, needs: Requirements): boolean {
  for (const [name, level] of needs.levels) if (!hasSkill(has.levels, name, level)) return false;
  for (const [name, text] of Object.entries(needs.labels ?? {})) if (has.labels?.[name] !== text) return false;
  return true;
}
