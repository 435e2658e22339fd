import type { HostTracing } from '@torch/host';
import { isTracing, withSpan } from './spans';

/**
 * Spans of the owner's loop. A command or event without a trace context gets none: its sender did not ask to be traced,
 * and timers would only make noise.
 */
export const hostTracing: HostTracing = {
  command(command, decide) {
    if (command.traceparent === undefined || !isTracing()) return decide(command);
    const { type, project, actor, correlationId, traceparent } = command;
    const attributes = { 'torch.project': project, 'torch.actor': actor, 'torch.correlation_id': correlationId };
    return withSpan(`decide ${type}`, { traceparent, kind: 'consumer', attributes }, (span) =>
      decide({ ...command, traceparent: span.traceparent ?? traceparent }),
    );
  },
  effect(event, act) {
    if (event.traceparent === undefined || !isTracing()) return act();
    const { type, project, subject, id, correlationId, traceparent } = event;
    const attributes = { 'torch.project': project, 'torch.subject': subject, 'torch.event_id': id, 'torch.correlation_id': correlationId };
    return withSpan(`effect ${type}`, { traceparent, kind: 'consumer', attributes }, () => act());
  },
};
