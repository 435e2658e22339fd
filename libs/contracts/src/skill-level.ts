export interface SkillLevel {
  readonly name: string;
  readonly level: number;
}

/** `typescript:3` → typescript at level 3; without a level it is level 1. */
export function skillLevel(skill: string): SkillLevel {
  const colon = skill.indexOf(':');
  return colon < 0 ? { name: skill, level: 1 } : { name: skill.slice(0, colon), level: Number(skill.slice(colon + 1)) };
}
