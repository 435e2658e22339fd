import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { type EvidenceKind, type Heartbeat, type HeartbeatAnswer, HEARTBEATS_MAX, Queries } from '@torch/contracts';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';
import { Owners } from './owners.adapter';

interface Instance {
  readonly project: string;
  readonly agentId: string;
  readonly instance: string;
}

interface Asked {
  readonly heartbeat: Heartbeat;
  answered(answer: HeartbeatAnswer): void;
  failed(error: Error): void;
}

interface Connected extends Instance {
  streams: number;
}

/**
 * Tells the registry what the gateway knows of agents: their heartbeats, that they are connected, that they report. All of one
 * project within a few milliseconds goes in one question. What the gateway has seen itself is not told again when telling
 * fails: it is told anew every few seconds while it holds.
 */
@Injectable()
export class AgentEvidence implements OnModuleDestroy {
  private readonly logger = new Logger(AgentEvidence.name);
  private readonly waiting = new Map<string, Asked[]>();
  private readonly connected = new Map<string, Connected>();
  private gathering: NodeJS.Timeout | undefined;
  private repeating: NodeJS.Timeout | undefined;

  constructor(
    private readonly owners: Owners,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {}

  /** @throws LogUnavailable, DeadlineExceeded as the registry's owner could not be asked. */
  heartbeat(project: string, heartbeat: Heartbeat): Promise<HeartbeatAnswer> {
    return new Promise((answered, failed) => this.ask(project, { heartbeat, answered, failed }));
  }

  /** A stream of the agent was opened. Its instance is remembered until the last of them ends. */
  opened(agent: Instance): void {
    const key = keyOf(agent);
    const known = this.connected.get(key);
    if (known?.instance === agent.instance) known.streams++;
    else this.connected.set(key, { ...agent, streams: 1 });
    this.note(agent, 'connection');
    this.repeating ??= setInterval(() => this.repeat(), this.config.connectionEveryMs);
  }

  closed(agent: Instance): void {
    const known = this.connected.get(keyOf(agent));
    if (known?.instance !== agent.instance || --known.streams > 0) return;
    this.connected.delete(keyOf(agent));
    this.note(agent, 'connection', true);
  }

  /** The agent has reported something about its work. Which instance that was is known of those that are connected here. */
  reported(project: string, agentId: string): void {
    const known = this.connected.get(keyOf({ project, agentId }));
    if (known) this.note(known, 'progress');
  }

  onModuleDestroy(): void {
    clearInterval(this.repeating);
    clearTimeout(this.gathering);
    this.tell();
  }

  private repeat(): void {
    for (const agent of this.connected.values()) this.note(agent, 'connection');
  }

  private note({ project, agentId, instance }: Instance, evidence: EvidenceKind, gone = false): void {
    const heartbeat: Heartbeat = { agentId, instance, evidence, ...(gone && { gone }) };
    this.ask(project, { heartbeat, answered: () => undefined, failed: () => undefined });
  }

  private ask(project: string, asked: Asked): void {
    const all = this.waiting.get(project);
    if (all) all.push(asked);
    else this.waiting.set(project, [asked]);
    this.gathering ??= setTimeout(() => this.tell(), this.config.heartbeatGatherMs);
  }

  private tell(): void {
    this.gathering = undefined;
    for (const [project, all] of this.waiting)
      for (let at = 0; at < all.length; at += HEARTBEATS_MAX) void this.tellSome(project, all.slice(at, at + HEARTBEATS_MAX));
    this.waiting.clear();
  }

  private async tellSome(project: string, asked: readonly Asked[]): Promise<void> {
    try {
      const heartbeats = asked.map(({ heartbeat }) => heartbeat);
      const { answers } = await this.owners.query(Queries.NoteHeartbeats, project, { heartbeats });
      asked.forEach(({ answered }, at) => answered(answers[at] ?? { known: false }));
    } catch (error) {
      this.logger.debug(`${asked.length} signs of life in project ${project} were not told: ${(error as Error).message}`);
      for (const { failed } of asked) failed(error as Error);
    }
  }
}

const keyOf = ({ project, agentId }: Pick<Instance, 'project' | 'agentId'>): string => `${project}/${agentId}`;
