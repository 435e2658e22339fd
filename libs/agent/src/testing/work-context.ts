import { GatewayClient } from '../http/gateway.client';
import { AttemptCalls } from '../session/attempt-calls';
import type { Progress, WorkContext } from '../session/harness';
import { aWork } from './gateway.double';

/** What a harness has said in the course of one attempt. */
export class Said {
  output = '';
  readonly progress: Progress[] = [];
}

/** A context that keeps what it is told. Its calls lead nowhere. */
export function aContext(said: Said, more: Partial<WorkContext> = {}): WorkContext {
  const project = new GatewayClient({ url: 'http://127.0.0.1:9' }).project('shop');
  return {
    project: 'shop',
    agentId: 'dev-1',
    instance: 'i-1',
    traceparent: '00-a-b-01',
    signal: new AbortController().signal,
    calls: new AttemptCalls({ project, attempt: aWork(), agentId: 'dev-1' }),
    stopping: () => false,
    waited: () => Promise.resolve({ waitedMs: 0, waiting: false }),
    progress: (report) => said.progress.push(report),
    output: async (chunk) => {
      said.output += chunk.toString();
    },
    ...more,
  };
}
