import { resolve } from 'node:path';
import type { Evidence } from '@torch/contracts';
import { CannotStart } from '../exec/task-process';
import { taskEnvironment } from '../exec/task-environment';
import type { Work } from '../http/gateway.answers';
import type { WorkContext, WorkOutcome } from '../session/harness';
import { artefactsThere } from './artefacts.evidence';
import { commandEvidence } from './command.evidence';
import { commitMadeSince, type CommitsBefore, commitsBefore } from './commit.evidence';

/**
 * Looks for what a task's spec wants to be shown, where the attempt ran and after it has ended. Whether it is enough, the
 * scheduler decides.
 */
export class AttemptEvidence {
  private readonly startedAtMs = Date.now();

  private constructor(
    private readonly work: Work,
    private readonly context: WorkContext,
    private readonly before: CommitsBefore,
  ) {}

  /** To be called before the work begins. */
  static async begin(work: Work, context: WorkContext): Promise<AttemptEvidence> {
    const before = work.spec.evidence?.commit ? await commitsBefore(repositoryOf(work, context)) : { heads: [] };
    return new AttemptEvidence(work, context, before);
  }

  /** The outcome with what was found; as it is when nothing was asked for or the work has not succeeded. */
  async addTo(outcome: WorkOutcome): Promise<WorkOutcome> {
    const asked = this.work.spec.evidence;
    if (!asked || outcome.outcome !== 'completed') return outcome;
    const repository = repositoryOf(this.work, this.context);
    const evidence: Evidence = {};
    if (asked.exitCodeZero && outcome.exitCode !== undefined) evidence.exitCode = outcome.exitCode;
    if (asked.commit) {
      const commit = await commitMadeSince(this.before, repository);
      if (commit !== undefined) evidence.commit = commit;
    }
    if (asked.command === undefined) return this.shown(outcome, evidence);
    const { timeoutMs } = this.work.spec;
    try {
      const command = await commandEvidence(
        { ...repository, command: asked.command, timeoutMs, startedAtMs: this.startedAtMs },
        this.context,
      );
      if (this.context.signal.aborted) return { ...outcome, outcome: 'aborted' };
      if (command === 'timed-out') return overtime(outcome, asked.command, timeoutMs);
      evidence.command = command;
    } catch (error) {
      if (!(error instanceof CannotStart)) throw error;
      return { ...measured(outcome), outcome: 'failed', class: 'permanent', reason: 'harness', message: error.message };
    }
    return this.shown(outcome, evidence);
  }

  /** Last of all: the command may have made the files, or taken them away. */
  private async shown(outcome: WorkOutcome & { outcome: 'completed' }, evidence: Evidence): Promise<WorkOutcome> {
    const { artefacts } = this.work.spec.evidence ?? {};
    if (artefacts) evidence.artefacts = await artefactsThere(artefacts, repositoryOf(this.work, this.context).directory);
    return { ...outcome, evidence };
  }
}

const repositoryOf = (work: Work, context: WorkContext) => ({
  directory: resolve(work.spec.cwd ?? '.'),
  env: taskEnvironment(work, context),
});

function overtime(outcome: WorkOutcome, command: string, timeoutMs: number): WorkOutcome {
  const message = `The work was done, but "${command.slice(0, 200)}", which has to succeed, did not end within the attempt's ${timeoutMs} ms.`;
  return { ...measured(outcome), outcome: 'failed', class: 'retryable', reason: 'timeout', message };
}

const measured = ({ exitCode, durationMs, outputTail, usage }: WorkOutcome) => ({ exitCode, durationMs, outputTail, usage });
