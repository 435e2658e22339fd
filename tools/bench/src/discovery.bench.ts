import { Agent, request } from 'node:http';
import type { ListAgents } from '@torch/contracts';
import { listAgents, registryDecider } from '@torch/domain-registry';
import { createTorchClient } from '@torch/host';
import { connectLogServer } from '@torch/log-dragonfly';
import type { BenchContext } from './bench';
import { percentile, timeFigure } from './figure';
import { FLEET, fleetAgent, keepFleetAlive, registerFleet } from './scale-fleet';
import { TorchCommand } from './torch-command';

const QUESTIONS: readonly ListAgents[] = [
  { role: 'reviewer', limit: 20 },
  { role: 'tester', skills: ['rust:2'], limit: 20 },
  { skills: ['go:3', 'react'], limit: 20 },
  { anySkill: ['terraform', 'sql:2'], role: 'writer', limit: 20 },
  { labels: { region: 'eu' }, role: 'analyst', limit: 20 },
  { state: 'idle', free: 1, role: 'operator', limit: 20 },
  { namePrefix: 'agent-0420', limit: 20 },
  { role: 'reviewer', namePrefix: 'agent-', limit: 20 },
  { role: 'tester', skills: ['rust'], presence: 'live', after: 'agent-05', limit: 20 },
  { role: 'planner', order: 'score', limit: 20 },
];
const ASKED = 4000;
const WARM_UP = 800;

/** Questions of ten kinds to a registry of 100,000 agents: in its owner's memory, and over HTTP through gateway and owner while all agents send heartbeats. */
export async function discovery({ rounds, progress }: BenchContext) {
  const state = registryOf(FLEET);
  const inOwner = Array.from({ length: rounds }, () => percentile(askOwner(state), 99));
  const overHttp = await askGateway(rounds, progress);
  return [
    timeFigure({ name: 'discovery.owner.p99', values: inOwner, atMostMs: 1 }),
    timeFigure({ name: 'discovery.http.p99', values: overHttp, atMostMs: 10 }),
  ];
}

const questionAt = (n: number): ListAgents => QUESTIONS[n % QUESTIONS.length] as ListAgents;

function registryOf(agents: number) {
  let state = registryDecider.initialState();
  for (let i = 0; i < agents; i++) {
    const { instance, ...agent } = fleetAgent(i);
    const data = { ...agent, instance, name: agent.agentId, registeredAtMs: 1 };
    const envelope = { v: 1, project: 'default', actor: 'user:bench', correlationId: 'bench', subject: `agent/${agent.agentId}` };
    state = registryDecider.evolve(state, { ...envelope, type: 'agent.registered', data } as never);
  }
  return state;
}

/** ms of each question. */
function askOwner(state: ReturnType<typeof registryOf>): number[] {
  const found: number[] = [];
  for (let n = 0; n < WARM_UP + ASKED; n++) {
    const startedAt = performance.now();
    const { agents } = listAgents(state, questionAt(n), () => undefined);
    const ms = performance.now() - startedAt;
    if (agents.length === 0) throw new Error(`Nobody fits ${JSON.stringify(questionAt(n))}.`);
    if (n >= WARM_UP) found.push(ms);
  }
  return found;
}

/** The p99 of each round, ms; one question at a time. The round before them warms the services up and does not count. */
async function askGateway(rounds: number, progress: BenchContext['progress']): Promise<number[]> {
  const torch = await TorchCommand.create();
  try {
    await torch.up();
    const { url, logUrl, token } = await torch.address();
    const server = await connectLogServer({ url: logUrl });
    const client = await createTorchClient(server, {
      instance: 'gateway-bench',
      config: { resendAfterMs: 60_000, resendAfterMsMax: 60_000 },
    });
    await registerFleet(client);
    const fallSilent = keepFleetAlive(client);
    progress(`${FLEET} agents registered`);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const p99s: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      const found: number[] = [];
      for (let n = 0; n < ASKED / 4; n++) {
        const startedAt = performance.now();
        await get(agent, `${url}/v1/projects/default/agents?${queryOf(questionAt(n))}`, token);
        found.push(performance.now() - startedAt);
      }
      if (round > 0) p99s.push(percentile(found, 99));
      const name = round === 0 ? 'warm-up' : `round ${round}`;
      progress(`over HTTP, ${name}: p50 ${percentile(found, 50).toFixed(2)} ms, p99 ${percentile(found, 99).toFixed(2)} ms`);
    }
    agent.destroy();
    await fallSilent();
    await client.close();
    await server.close();
    return p99s;
  } finally {
    await torch.down();
    await torch.remove();
  }
}

function queryOf({ skills, anySkill, labels, ...plain }: ListAgents): string {
  const query = new URLSearchParams(Object.entries(plain).map(([name, value]): [string, string] => [name, String(value)]));
  if (skills) query.set('skills', skills.join(','));
  if (anySkill) query.set('anySkill', anySkill.join(','));
  for (const [name, value] of Object.entries(labels ?? {})) query.set(`labels[${name}]`, value);
  return query.toString();
}

function get(agent: Agent, url: string, token: string): Promise<void> {
  return new Promise((done, failed) => {
    request(url, { agent, headers: { authorization: `Bearer ${token}` } }, (answer) => {
      answer.resume().on('end', () => (answer.statusCode === 200 ? done() : failed(new Error(`GET ${url}: ${answer.statusCode}`))));
    })
      .on('error', failed)
      .end();
  });
}
