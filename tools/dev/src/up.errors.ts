/** Why Torch could not be started or stopped, as a sentence for the person who asked, with a way out. */
export class UpFailed extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UpFailed';
  }
}

/** Somebody asked to stop while Torch was still starting; what was started has been stopped again. */
export class UpInterrupted extends Error {
  constructor() {
    super('Stopped before Torch was ready.');
    this.name = 'UpInterrupted';
  }
}
