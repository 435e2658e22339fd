import type { TaskInput, TaskSpec, TaskSubmitted } from '@torch/contracts';
import { RecentlyUsed } from '../adapters/recently-used';

/** What an agent has to know of a task besides its assignment. */
export interface Work {
  readonly runId: string;
  readonly spec: TaskSpec;
  /** How its dependencies ended; absent when it has none. */
  readonly inputs?: readonly TaskInput[];
}

/** Remembers what tasks are about from when they were submitted, so that most assignments need no query. */
export class WorkLookup {
  private readonly known: RecentlyUsed<Work>;

  constructor(
    bytesMax: number,
    private readonly ask: (project: string, taskId: string) => Promise<Work | undefined>,
  ) {
    this.known = new RecentlyUsed(bytesMax);
  }

  /** What its dependencies lead to, only the scheduler knows: such a task is asked for when it is assigned. */
  submitted(project: string, { runId, spec }: TaskSubmitted): void {
    if (spec.dependsOn.length > 0 || (spec.after?.length ?? 0) > 0) return;
    this.known.set(keyOf(project, spec.taskId), { runId, spec }, weightOf(spec));
  }

  ended(project: string, taskId: string): void {
    this.known.delete(keyOf(project, taskId));
  }

  /** The log may have lost what it had said. */
  forget(): void {
    this.known.clear();
  }

  of(project: string, taskId: string): Work | Promise<Work | undefined> {
    return this.known.get(keyOf(project, taskId)) ?? this.ask(project, taskId);
  }
}

const keyOf = (project: string, taskId: string): string => `${project}/${taskId}`;

/** Bytes, roughly: the long texts, and some for everything else. */
function weightOf({ run = '', prompt = '', cwd = '', env = {} }: TaskSpec): number {
  const envChars = Object.entries(env).reduce((chars, [name, value]) => chars + name.length + value.length, 0);
  return 1000 + 2 * (run.length + prompt.length + cwd.length + envChars);
}
