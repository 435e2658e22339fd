/** What an archive is doing when it fails. */
export type ArchiveActivity = 'append' | 'seal' | 'checkpoint' | 'upload';

export interface ArchiveFailure {
  readonly activity: ArchiveActivity;
  /** The system's code (`ENOSPC`, `EACCES`, `EIO` …), `SLOW` for a flush that takes too long, `BROKEN` when it is not tried again. */
  readonly code: string;
  readonly message: string;
  /** When this episode began, epoch ms. */
  readonly sinceMs: number;
}

/** What fails now. An episode of an activity begins with its first failure and ends with its next success. */
export class ArchiveFailures {
  private readonly now = new Map<ArchiveActivity, ArchiveFailure>();

  constructor(private readonly onChange: (change: { failing?: ArchiveFailure; recovered?: ArchiveFailure }) => void = () => undefined) {}

  /** What matters most: appending before anything else. */
  get worst(): ArchiveFailure | undefined {
    return this.now.get('append') ?? this.now.values().next().value;
  }

  failed(activity: ArchiveActivity, error: unknown): void {
    const { code = 'UNKNOWN', message } = error as NodeJS.ErrnoException;
    const before = this.now.get(activity);
    const failure = { activity, code, message, sinceMs: before?.sinceMs ?? Date.now() };
    this.now.set(activity, failure);
    if (!before || before.code === 'SLOW') this.onChange({ failing: failure });
  }

  succeeded(activity: ArchiveActivity): void {
    const before = this.now.get(activity);
    if (!before || before.code === 'BROKEN') return;
    this.now.delete(activity);
    this.onChange({ recovered: before });
  }
}
