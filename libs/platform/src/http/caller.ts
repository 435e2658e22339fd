import { randomUUID } from 'node:crypto';
import { requestContext } from '../logging/request.context';
import { currentTraceparent } from '../telemetry/spans';

/** What a command made on behalf of the request at hand carries: its correlation id, and the trace it belongs to. */
export function admissionContext(): { correlationId: string; traceparent?: string } {
  const context = requestContext();
  const traceparent = currentTraceparent() ?? context?.traceparent;
  return { correlationId: context?.correlationId ?? randomUUID(), ...(traceparent && { traceparent }) };
}
