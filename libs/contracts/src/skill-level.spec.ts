import { skillLevel } from './skill-level';

describe('a skill', () => {
  it.each([
    ['typescript:3', { name: 'typescript', level: 3 }],
    ['typescript', { name: 'typescript', level: 1 }],
    ['a.b_c-1:9', { name: 'a.b_c-1', level: 9 }],
  ])('%s has a name and a level', (skill, expected) => {
    expect(skillLevel(skill)).toEqual(expected);
  });
});
