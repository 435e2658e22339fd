import type { AgentExited, AgentQuarantined, AgentSpawned, RecordExited, RecordSpawned, StopAgent } from '@torch/contracts';
import { cutToBytes, type NewEvent, Rejection } from '@torch/kernel';
import { backoffMs } from './backoff.rules';
import { stopRequested } from './pool.rules';
import { type AgentProcess, type Pool, type SpawnerLimits, type SpawnerState } from './spawner.state';

/** Of a reason that is put together from others. */
const REASON_BYTES_MAX = 2000;

/** Idempotent: who is stopping already is not asked again. */
export function stopAgent(state: SpawnerState, { agentId, reason }: StopAgent, nowMs: number): readonly NewEvent[] {
  const process = state.processes.get(agentId);
  if (!process) throw new Rejection('unknown-agent', `No process of this project runs agent "${agentId}".`);
  return process.state === 'stopping' ? [] : [stopRequested(process, reason, nowMs)];
}

/** @throws Rejection `unknown-spawn`, `spawned-already`: the process that was reported is one too many. */
export function recordSpawned(
  state: SpawnerState,
  { agentId, spawnId, node, pid, pidStartTicks }: RecordSpawned,
  nowMs: number,
): readonly NewEvent[] {
  const process = spawnOf(state, agentId, spawnId);
  if (!process) throw new Rejection('unknown-spawn', `Spawn "${spawnId}" of agent "${agentId}" was never requested, or has ended.`);
  if (process.pid !== undefined) {
    if (process.node === node && process.pid === pid && process.pidStartTicks === pidStartTicks) return [];
    throw new Rejection(
      'spawned-already',
      `Spawn "${spawnId}" is process ${process.pid} on "${process.node}", and not ${pid} on "${node}".`,
    );
  }
  const data: AgentSpawned = { agentId, spawnId, node, pid, pidStartTicks, spawnedAtMs: nowMs };
  return [{ type: 'agent.spawned', subject: `agent/${agentId}`, data }];
}

/** Exits are reported at least once: a spawn that is not known any more has no further event. */
export function recordExited(state: SpawnerState, report: RecordExited, nowMs: number, limits: SpawnerLimits): readonly NewEvent[] {
  const { agentId, spawnId, exitCode, reason } = report;
  const process = spawnOf(state, agentId, spawnId);
  const pool = process && state.pools.get(process.poolId);
  if (!process || !pool) return [];

  const crashed = isCrash(process, report, limits);
  const crashes = crashesAfter(pool, process, { crashed, exitedAtMs: nowMs }, limits);
  const unasked = process.state !== 'stopping' && report.withNode !== true;
  const pauseMs = crashed ? backoffMs(crashes, spawnId, limits) : unasked ? limits.backoffMs : 0;
  const exited: AgentExited = { agentId, spawnId, exitCode, reason, crashed, retryAtMs: nowMs + pauseMs, exitedAtMs: nowMs };
  const event: NewEvent = { type: 'agent.exited', subject: `agent/${agentId}`, data: exited };
  if (!crashed || crashes < pool.spec.crashesMax || pool.quarantined || pool.retired) return [event];

  const { poolId } = pool.spec;
  const why = cutToBytes(`${crashes} crashes in a row; the last one: ${reason}`, REASON_BYTES_MAX);
  const quarantined: AgentQuarantined = { poolId, crashes, reason: why, quarantinedAtMs: nowMs };
  return [event, { type: 'agent.quarantined', subject: `pool/${poolId}`, data: quarantined }];
}

/** Nobody asked for the end, and it was no success. Who had to be stopped because it never registered is no better. */
function isCrash(process: AgentProcess, { exitCode, withNode }: RecordExited, { startMsMax }: SpawnerLimits): boolean {
  if (withNode === true) return false;
  if (process.stopRequestedAtMs === undefined) return exitCode !== 0;
  return process.readyAtMs === undefined && process.stopRequestedAtMs - process.requestedAtMs >= startMsMax;
}

/** Crashes in a row once the process has ended: a long enough life ends the series before. */
export function crashesAfter(
  pool: Pool,
  process: AgentProcess,
  { crashed, exitedAtMs }: { crashed: boolean; exitedAtMs: number },
  { provenLifeMs }: SpawnerLimits,
): number {
  const proven = process.spawnedAtMs !== undefined && process.readyAtMs !== undefined && exitedAtMs - process.spawnedAtMs >= provenLifeMs;
  return (proven ? 0 : pool.crashes) + (crashed ? 1 : 0);
}

function spawnOf(state: SpawnerState, agentId: string, spawnId: string): AgentProcess | undefined {
  const process = state.processes.get(agentId);
  return process?.spawnId === spawnId ? process : undefined;
}
