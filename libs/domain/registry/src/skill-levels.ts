/** `typescript:3` → typescript at level 3; without a level it is level 1. */
export function skillLevel(skill: string): { readonly name: string; readonly level: number } {
  const [name = skill, level = '1'] = skill.split(':');
  return { name, level: Number(level) };
}

/** Each skill once, at its highest level, sorted. */
export function highestLevels(skills: readonly string[]): string[] {
  const highest = new Map<string, string>();
  for (const skill of [...skills].sort()) {
    const { name, level } = skillLevel(skill);
    const known = highest.get(name);
    if (known === undefined || skillLevel(known).level < level) highest.set(name, skill);
  }
  return [...highest.values()].sort();
}
