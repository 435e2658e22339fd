import { resolve } from 'node:path';
import type { CommandEvidence, Evidence, FailTask } from '@torch/contracts';
import { CannotStart } from '../exec/task-process';
import { taskEnvironment } from '../exec/task-environment';
import type { Work } from '../http/gateway.answers';
import type { WorkContext, WorkOutcome } from '../session/harness';
import { artefactsThere } from './artefacts.evidence';
import { commandEvidence } from './command.evidence';
import { commitMadeSince, type CommitsBefore, commitsBefore, type Repository } from './commit.evidence';

/**
 * Looks for what a task's spec wants to be shown, where the attempt ran and after it has ended. Whether it is enough, the
 * scheduler decides.
 */
export class AttemptEvidence {
  private readonly startedAtMs = Date.now();

  private constructor(
    private readonly work: Work,
    private readonly context: WorkContext,
    private readonly before?: CommitsBefore,
  ) {}

  /** To be called before the work begins. */
  static async begin(work: Work, context: WorkContext): Promise<AttemptEvidence> {
    const before = work.spec.evidence?.commit ? await commitsBefore(repositoryOf(work, context)) : undefined;
    return new AttemptEvidence(work, context, before);
  }

  /** The outcome with what was found; as it is when nothing was asked for or the work has not succeeded. */
  async addTo(outcome: WorkOutcome): Promise<WorkOutcome> {
    const asked = this.work.spec.evidence;
    if (!asked || outcome.outcome !== 'completed') return outcome;
    const repository = repositoryOf(this.work, this.context);
    const evidence: Evidence = {};
    if (asked.exitCodeZero && outcome.exitCode !== undefined) evidence.exitCode = outcome.exitCode;
    if (this.before) {
      const commit = await commitMadeSince(this.before, repository);
      if (commit !== undefined) evidence.commit = commit;
    }
    if (asked.command !== undefined) {
      const command = await this.ran(asked.command, repository);
      if (this.context.signal.aborted) return { ...outcome, outcome: 'aborted' };
      if ('failure' in command) return { ...measured(outcome), outcome: 'failed', ...command.failure };
      evidence.command = command;
    }
    // Last of all: the command may have made the files, or taken them away.
    if (asked.artefacts) evidence.artefacts = await artefactsThere(asked.artefacts, repository.directory);
    return { ...outcome, evidence };
  }

  /** How the command has ended, or why the attempt has failed by it. */
  private async ran(command: string, repository: Repository): Promise<CommandEvidence | { readonly failure: Failure }> {
    const { timeoutMs } = this.work.spec;
    try {
      const found = await commandEvidence({ ...repository, command, timeoutMs, startedAtMs: this.startedAtMs }, this.context);
      return found === 'timed-out' ? { failure: overtime(command, timeoutMs) } : found;
    } catch (error) {
      if (!(error instanceof CannotStart)) throw error;
      return { failure: { class: 'permanent', reason: 'harness', message: error.message } };
    }
  }
}

type Failure = Pick<FailTask, 'class' | 'reason' | 'message'>;

const repositoryOf = (work: Work, context: WorkContext): Repository => ({
  directory: resolve(work.spec.cwd ?? '.'),
  env: taskEnvironment(work, context),
});

function overtime(command: string, timeoutMs: number): Failure {
  const message = `The work was done, but "${command.slice(0, 200)}", which has to succeed, did not end within the attempt's ${timeoutMs} ms.`;
  return { class: 'retryable', reason: 'timeout', message };
}

const measured = ({ exitCode, durationMs, outputTail, usage }: WorkOutcome) => ({ exitCode, durationMs, outputTail, usage });
