import type { AgentDetails } from '@torch/agent';
import type { AgentView, EvidenceSeen, TrackRecord } from '@torch/contracts';
import { ago, dateTime, duration } from './format';
import { fields, table } from './table';

/** One line an agent. */
export function agentsTable(agents: readonly AgentView[]): string {
  const rows = agents.map((agent) => [
    agent.agentId,
    agent.state,
    agent.role,
    agent.skills.join(','),
    drivenBy(agent),
    agent.model ?? '',
    `${agent.running} of ${agent.capacity}`,
    String(agent.completed),
    String(agent.failed),
    percent(agent.successRate),
    agent.lastSeenAtMs === undefined ? '' : ago(agent.lastSeenAtMs),
  ]);
  return table(['AGENT', 'STATE', 'ROLE', 'SKILLS', 'HARNESS', 'MODEL', 'AT WORK', 'DONE', 'FAILED', 'SUCCESS', 'SEEN'], rows);
}

/** One agent, what signs of life it gives, and how its attempts went. */
export function agentDetails({ record = [], seen, ...agent }: AgentDetails): string {
  const facts = fields([
    ['agent', agent.agentId],
    ['name', agent.name],
    ['state', agent.state],
    ['role', agent.role],
    ['skills', agent.skills.join(', ')],
    ['labels', labelsText(agent.labels)],
    ['at work', `${agent.running} of ${agent.capacity}`],
    ['harness', drivenBy(agent)],
    ['model', agent.model],
    ['instance', agent.instance],
    ['node', agent.node],
    ['pid', agent.pid],
    ['registered', dateTime(agent.registeredAtMs)],
    ['last seen', agent.lastSeenAtMs === undefined ? undefined : ago(agent.lastSeenAtMs)],
    ...(seen ? evidence(seen) : []),
    ['completed', agent.completed],
    ['failed', agent.failed],
    ['success', percent(agent.successRate)],
  ]);
  return record.length === 0 ? facts : `${facts}\n\n${recordTable(record)}`;
}

/** `exec 2.3.0`. */
const drivenBy = ({ harness, version }: Pick<AgentView, 'harness' | 'version'>): string => [harness, version].filter(Boolean).join(' ');

/** `region=eu, gpu=yes`. */
const labelsText = (labels: Readonly<Record<string, string>> = {}): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join(', ');

const evidence = ({ heartbeatAtMs, connectionAtMs, processAtMs, progressAtMs }: EvidenceSeen): [string, string | undefined][] => {
  const since = (atMs: number | undefined): string | undefined => (atMs === undefined ? undefined : ago(atMs));
  return [
    ['  heartbeat', since(heartbeatAtMs)],
    ['  connection', since(connectionAtMs)],
    ['  process', since(processAtMs)],
    ['  progress', since(progressAtMs)],
  ];
};

function recordTable(record: readonly TrackRecord[]): string {
  const rows = record.map(({ of, completed, failed, successRate, durationMs, failures }) => [
    of,
    String(completed),
    String(failed),
    percent(successRate),
    durationMs === undefined ? '' : duration(durationMs),
    failures.map(({ reason, count }) => `${reason} ${count}`).join(', '),
  ]);
  return table(['RECORD', 'DONE', 'FAILED', 'SUCCESS', 'MEAN TIME', 'FAILURES'], rows);
}

const percent = (rate: number): string => `${Math.round(rate * 100)}%`;
