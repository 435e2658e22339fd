import { context, propagation, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Work } from '../http/gateway.answers';
import type { WorkOutcome } from './harness';

/** The span that covers one attempt, from taking it up to its result. Costs nothing unless telemetry is set up. */
export class AttemptSpan {
  /** For requests and processes that belong to the attempt; the task's own while telemetry is off. */
  readonly traceparent?: string;
  private readonly span: Span;

  constructor({ taskId, attempt, runId, spec, traceparent }: Work, agentId: string) {
    const parent = propagation.extract(context.active(), traceparent === undefined ? {} : { traceparent });
    this.span = trace.getTracer('torch-agent').startSpan(
      'agent.execute',
      {
        kind: SpanKind.CONSUMER,
        attributes: {
          'torch.task.id': taskId,
          'torch.task.key': spec.key,
          'torch.attempt': attempt,
          'torch.run.id': runId,
          'torch.agent.id': agentId,
        },
      },
      parent,
    );
    const carrier: { traceparent?: string } = {};
    propagation.inject(trace.setSpan(parent, this.span), carrier);
    this.traceparent = carrier.traceparent ?? traceparent;
  }

  end(outcome?: WorkOutcome): void {
    this.span.setAttribute('torch.outcome', outcome?.outcome ?? 'refused');
    if (outcome?.exitCode !== undefined) this.span.setAttribute('process.exit.code', outcome.exitCode);
    if (outcome?.outcome === 'failed') this.span.setStatus({ code: SpanStatusCode.ERROR, message: outcome.message });
    this.span.end();
  }
}
