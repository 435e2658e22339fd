import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { ExecHarness } from './exec/exec.harness';
import { GatewayClient } from './http/gateway.client';
import type { GatewayOptions } from './http/gateway.transport';
import { AgentSession, type SessionEnd } from './session/agent.session';
import { type AgentLog, jsonLinesLog } from './session/agent.log';
import type { Harness } from './session/harness';
import type { SessionConfig } from './session/session.config';

const REASON_CHARS_MAX = 1000;

/** By name, as `--harness` gives it. */
export const HARNESSES: Readonly<Record<string, () => Harness>> = { exec: () => new ExecHarness() };

export interface RunAgentOptions extends GatewayOptions {
  readonly project: string;
  readonly agentId: string;
  readonly role: string;
  readonly skills?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** Tasks taken at a time; default 1. */
  readonly capacity?: number;
  /** A name out of `HARNESSES`, or a harness of one's own. Default: `exec`. */
  readonly harness?: string | Harness;
  readonly name?: string;
  /** The language model behind it, where there is one. */
  readonly model?: string;
  /** Of what drives the agent. */
  readonly version?: string;
  /** Tells two processes under one agent id apart; default: a fresh one. */
  readonly instance?: string;
  readonly node?: string;
  readonly log?: AgentLog;
  readonly session?: Partial<SessionConfig>;
  /** Stops the agent in order. `runAgent` itself listens to SIGTERM and SIGINT too. */
  readonly signal?: AbortSignal;
}

/**
 * Runs one agent until it is stopped: by SIGTERM, SIGINT, `signal` or Torch itself. What it was doing is then ended, and
 * reported as failed to be tried again.
 *
 * @throws RangeError for a harness that is not there.
 */
export async function runAgent(options: RunAgentOptions): Promise<SessionEnd> {
  const harness = harnessOf(options.harness ?? 'exec');
  const { project, agentId, role, skills = [], labels, capacity = 1, name, model, version } = options;
  const { instance = randomUUID(), node = hostname() } = options;
  const session = new AgentSession({
    project: new GatewayClient(options).project(project),
    agent: {
      agentId,
      name,
      role,
      skills: [...skills],
      labels,
      capacity,
      harness: harness.name,
      model,
      version,
      instance,
      node,
      pid: process.pid,
    },
    harness,
    log: options.log ?? jsonLinesLog({ service: 'agent', agentId, project }),
    config: options.session,
  });
  const onSignal = (signal: NodeJS.Signals): void => session.close(`The agent got ${signal}.`);
  const onAbort = (): void => session.close(String(options.signal?.reason ?? 'The agent was stopped.').slice(0, REASON_CHARS_MAX));
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  options.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await session.run();
  } finally {
    process.off('SIGTERM', onSignal);
    process.off('SIGINT', onSignal);
    options.signal?.removeEventListener('abort', onAbort);
  }
}

function harnessOf(harness: string | Harness): Harness {
  if (typeof harness !== 'string') return harness;
  const make = Object.hasOwn(HARNESSES, harness) ? HARNESSES[harness] : undefined;
  if (!make) throw new RangeError(`There is no harness "${harness}"; there is: ${Object.keys(HARNESSES).join(', ')}.`);
  return make();
}
