import { skillLevel } from '@torch/contracts';

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
