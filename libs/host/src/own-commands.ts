import type { OwnCommand } from './service';

export interface WaitingCommand {
  readonly project: string;
  readonly command: OwnCommand;
  readonly taken: () => void;
  readonly dropped: (error: Error) => void;
}

/** Commands of the service's own that wait for the next turn. Bounded: `submit` waits for room. */
export class OwnCommands {
  private waiting: WaitingCommand[] = [];
  private readonly waitingForRoom: (() => void)[] = [];
  private closedBy: Error | undefined;

  constructor(
    private readonly commandsMax: number,
    private readonly wake: () => void,
  ) {}

  /** Resolves when the command's turn is in the log. Rejects when this instance stops being the owner before that. */
  async submit(project: string, command: OwnCommand): Promise<void> {
    while (!this.closedBy && this.waiting.length >= this.commandsMax) await new Promise<void>((room) => this.waitingForRoom.push(room));
    if (this.closedBy) throw this.closedBy;
    const done = new Promise<void>((taken, dropped) => this.waiting.push({ project, command, taken, dropped }));
    this.wake();
    return done;
  }

  get size(): number {
    return this.waiting.length;
  }

  take(): readonly WaitingCommand[] {
    const taken = this.waiting;
    this.waiting = [];
    this.waitingForRoom.splice(0).forEach((room) => room());
    return taken;
  }

  close(error: Error): void {
    this.closedBy = error;
    for (const { dropped } of this.take()) dropped(error);
  }
}
