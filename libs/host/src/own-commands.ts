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
  /** Of `waiting`, how many have been taken. */
  private next = 0;
  /** Those that the turn at hand has decided. */
  private inTurn: WaitingCommand[] = [];
  private readonly waitingForRoom: (() => void)[] = [];
  private closedBy: Error | undefined;

  constructor(
    private readonly commandsMax: number,
    private readonly wake: () => void,
  ) {}

  /** Resolves when the command's turn is in the log. Rejects when it is not to be decided, or this instance stops being the owner. */
  async submit(project: string, command: OwnCommand): Promise<void> {
    while (!this.closedBy && this.size >= this.commandsMax) await new Promise<void>((room) => this.waitingForRoom.push(room));
    if (this.closedBy) throw this.closedBy;
    const done = new Promise<void>((taken, dropped) => this.waiting.push({ project, command, taken, dropped }));
    this.wake();
    return done;
  }

  get size(): number {
    return this.waiting.length - this.next;
  }

  /** The next one, for the turn at hand. */
  take(): WaitingCommand | undefined {
    const taken = this.waiting[this.next];
    if (!taken) return undefined;
    if (++this.next === this.waiting.length) {
      this.waiting = [];
      this.next = 0;
    }
    this.inTurn.push(taken);
    this.waitingForRoom.shift()?.();
    return taken;
  }

  /** What the turn has decided is in the log. */
  turnIsOver(): void {
    for (const { taken } of this.inTurn.splice(0)) taken();
  }

  close(error: Error): void {
    this.closedBy = error;
    for (const { dropped } of [...this.inTurn.splice(0), ...this.waiting.splice(0).slice(this.next)]) dropped(error);
    this.next = 0;
    for (const room of this.waitingForRoom.splice(0)) room();
  }
}
