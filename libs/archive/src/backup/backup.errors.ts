/** A backup is not whole, or not what it says. It is left as it is. */
export class BackupBroken extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BackupBroken';
  }
}

/** A backup cannot be made or brought back like that. Nothing was changed; the message names the way out. */
export class BackupRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BackupRefused';
  }
}
