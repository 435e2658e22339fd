import type { AgentRegistered, AgentStopRequested, MessageDelivered, MessageSent, TaskAssigned, TaskSubmitted } from '@torch/contracts';
import type { AnyEvent } from '@torch/kernel';
import { type Commit, eventId } from '@torch/log';
import type { PersonalData } from '../adapters/personal-data.adapter';
import { cancelPush, messageFrame, messageKey, stopFrame, workFrame, workKey } from './agent-events';
import type { AgentStream } from './agent-streams.reactor';
import type { DispatchRecorder } from './dispatch-recorder.reactor';
import type { Push } from './ordered-pushes';
import type { WorkLookup } from './work-lookup';

/** Hands each event of a partition to the streams of the agents that it is for: constant work an event, however many are connected. */
export class AgentRouter {
  private readonly streams = new Map<string, AgentStream[]>();
  /** Of the log, as far as it was routed. */
  generation = 0;

  constructor(
    private readonly partition: number,
    private readonly work: WorkLookup,
    private readonly dispatches: Pick<DispatchRecorder, 'record' | 'passed'>,
    private readonly personal: Pick<PersonalData, 'openedEvent'>,
  ) {}

  add(stream: AgentStream): void {
    const key = keyOf(stream);
    this.streams.set(key, [...(this.streams.get(key) ?? []), stream]);
  }

  remove(stream: AgentStream): void {
    const key = keyOf(stream);
    const left = (this.streams.get(key) ?? []).filter((other) => other !== stream);
    if (left.length > 0) this.streams.set(key, left);
    else this.streams.delete(key);
  }

  get size(): number {
    return this.streams.size;
  }

  endOlder(stream: AgentStream): void {
    const all = this.streamsOf(stream.project, stream.agentId);
    for (const older of all.slice(0, all.indexOf(stream))) older.connection.end('a newer connection of the same agent took over');
  }

  endAll(reason: string): void {
    for (const stream of [...this.streams.values()].flat()) stream.connection.end(reason);
  }

  /**
   * A generation that begins means that a tail is lost, even if nobody here had seen it. What its agents hold may be of that
   * tail: they connect anew, and are told everything that is open now.
   */
  route({ events, position }: Commit): void {
    if (position.generation > this.generation) {
      this.generation = position.generation;
      this.work.forget();
      this.endAll(`the log goes on in generation ${position.generation}`);
    }
    events.forEach((event, index) => this.routeEvent(event, eventId({ partition: this.partition, position, index })));
  }

  private routeEvent(sealed: AnyEvent, id: string): void {
    if (sealed.type === 'message.sent') return this.message(sealed, id); // Opened only when somebody here is to have it.
    const event = this.personal.openedEvent(sealed);
    const { project } = event;
    switch (event.type) {
      case 'message.delivered':
      case 'message.acked':
      case 'message.dead-lettered':
        return this.dispatches.passed({ project, ...(event.data as MessageDelivered) });
      case 'task.submitted':
        return this.work.submitted(project, event.data as TaskSubmitted);
      case 'task.assigned':
        return this.assigned(event, id);
      case 'task.cancelled':
        this.over(event);
        return this.cancelled(event, id);
      case 'task.attempt-failed':
        return this.cancelled(event, id);
      case 'task.completed':
      case 'task.skipped':
      case 'task.failed':
      case 'task.dead-lettered':
        return this.over(event);
      case 'agent.stop-requested': {
        const data = event.data as AgentStopRequested;
        return this.push(project, data.agentId, { key: id, frame: stopFrame(data, id) });
      }
      case 'agent.registered':
        return this.registered(event);
      case 'agent.deregistered':
        return this.end(project, (event.data as { agentId: string }).agentId, () => true, 'the agent was deregistered');
    }
  }

  private message(sealed: AnyEvent, id: string): void {
    const { project, correlationId } = sealed;
    const { messageId, recipients } = sealed.data as MessageSent;
    let frame: string | undefined; // Made once, however many receive it.
    for (const recipient of recipients) {
      if (!this.streams.has(keyOf({ project, agentId: recipient }))) continue;
      frame ??= messageFrame(this.personal.openedEvent(sealed).data as MessageSent, id);
      const sent = (): void => this.dispatches.record({ project, messageId, recipient, correlationId });
      this.push(project, recipient, { key: messageKey(messageId), frame, sent });
    }
  }

  private assigned(event: AnyEvent, id: string): void {
    const { project } = event;
    const data = event.data as TaskAssigned;
    if (!this.streams.has(keyOf({ project, agentId: data.agentId }))) return;
    const work = this.work.of(project, data.taskId);
    const frame = work instanceof Promise ? work.then((found) => found && workFrame(event, found, id)) : workFrame(event, work, id);
    this.push(project, data.agentId, { key: workKey(data), frame });
  }

  private cancelled(event: AnyEvent, id: string): void {
    const push = cancelPush(event, id);
    if (push) this.push(event.project, push.agentId, push);
  }

  private over({ project, data }: AnyEvent): void {
    this.work.ended(project, (data as { taskId: string }).taskId);
  }

  /** Another process has taken the id over: the one before it is to hear nothing more. */
  private registered({ project, data }: AnyEvent): void {
    const { agentId, instance } = data as AgentRegistered;
    this.end(project, agentId, (stream) => stream.instance !== instance, 'another instance of the agent has registered');
  }

  private end(project: string, agentId: string, which: (stream: AgentStream) => boolean, reason: string): void {
    for (const stream of this.streamsOf(project, agentId).filter(which)) stream.connection.end(reason);
  }

  private push(project: string, agentId: string, push: Push): void {
    for (const stream of this.streamsOf(project, agentId)) stream.pushes.push(push);
  }

  private streamsOf(project: string, agentId: string): readonly AgentStream[] {
    return this.streams.get(keyOf({ project, agentId })) ?? [];
  }
}

const keyOf = ({ project, agentId }: { project: string; agentId: string }): string => `${project}/${agentId}`;
