/** Variables that cannot be used: one sentence for each, naming it and what it may hold. */
export class EnvironmentInvalid extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'EnvironmentInvalid';
  }
}
