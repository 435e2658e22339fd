import { given, type SpecEvent } from '@torch/testing';
import { registryDecider } from './registry.decider';

const NOW_MS = 5000;
const registration = { agentId: 'dev-1', role: 'developer', skills: ['ts:2'], harness: 'exec', instance: 'i-1' };
const registered = (more: object = {}): SpecEvent => ({
  type: 'agent.registered',
  data: { ...registration, name: 'dev-1', capacity: 1, registeredAtMs: 1000, ...more },
});
const draining = { type: 'agent.draining', data: { agentId: 'dev-1', reason: 'Update.', drainingAtMs: NOW_MS } };
const paused = (more: object = {}, pausedAtMs = NOW_MS) => ({ type: 'agent.paused', data: { agentId: 'dev-1', ...more, pausedAtMs } });
const limited = (untilMs: number) => ({ pause: 'rate-limited', untilMs });
const suspected: SpecEvent = { type: 'agent.suspected', data: { agentId: 'dev-1', lastSeenAtMs: 2000, suspectedAtMs: 3000 } };
const deregistered: SpecEvent = { type: 'agent.deregistered', data: { agentId: 'dev-1', reason: 'Done.', deregisteredAtMs: 4000 } };

const register = (more: object = {}) => ({ type: 'RegisterAgent', data: { ...registration, ...more } });
const update = (more: object) => ({ type: 'UpdateAgent', data: { agentId: 'dev-1', ...more } });
const drain = { type: 'DrainAgent', data: { agentId: 'dev-1', reason: 'Update.' } };
const pause = (more: object = {}) => ({ type: 'PauseAgent', data: { agentId: 'dev-1', instance: 'i-1', ...more } });

const registry = (...past: SpecEvent[]) => given(registryDecider, past, NOW_MS);

describe('an update of an agent', () => {
  it('says what differs and nothing else, skills sorted and each at its highest level', () => {
    registry(registered())
      .when(update({ skills: ['ts', 'go', 'ts:3'], capacity: 1, labels: { zone: 'a' }, model: 'm-2' }))
      .then([
        {
          type: 'agent.updated',
          data: { agentId: 'dev-1', skills: ['go', 'ts:3'], labels: { zone: 'a' }, model: 'm-2', updatedAtMs: NOW_MS },
        },
      ]);
  });

  it('changes nothing when everything is so already', () => {
    registry(registered({ labels: { zone: 'a' } }))
      .when(update({ skills: ['ts:2'], labels: { zone: 'a' }, capacity: 1 }))
      .thenNothing();
  });

  it('takes labels away with an empty map', () => {
    expect(registry(registered({ labels: { zone: 'a' } })).run.decide(update({ labels: {} }))).toMatchObject([{ data: { labels: {} } }]);
  });

  it('outlives the same words of the same instance, and gives way to others', () => {
    const { run } = registry(registered());
    run.decide(update({ skills: ['go'] }));
    expect(run.decide(register())).toEqual([]);
    expect(run.restart().decide(register())).toEqual([]);
    expect(run.happened(suspected).decide(register())).toMatchObject([{ type: 'agent.recovered' }]);
    expect(run.state.agents.get('dev-1')?.skills).toEqual(['go']);
    expect(run.decide(register({ capacity: 2 }))).toMatchObject([{ type: 'agent.registered', data: { skills: ['ts:2'], capacity: 2 } }]);
  });

  it('is refused for who is not known, or has left', () => {
    registry()
      .when(update({ capacity: 2 }))
      .thenRejected('unknown-agent');
    registry(registered(), deregistered)
      .when(update({ capacity: 2 }))
      .thenRejected('agent-deregistered');
  });
});

describe('a draining agent', () => {
  it('drains once', () => {
    registry(registered()).when(drain).then([draining]);
    registry(registered(), draining).when(drain).thenNothing();
    registry(registered(), deregistered).when(drain).thenRejected('agent-deregistered');
  });

  it('goes on draining however often the same instance registers', () => {
    registry(registered(), draining).when(register()).thenNothing();
    expect(registry(registered(), draining).run.decide(register({ capacity: 2 }))).toMatchObject([
      { type: 'agent.registered' },
      { type: 'agent.draining', data: { reason: 'Update.' } },
    ]);
  });

  it('drains no more as its next instance', () => {
    const { run } = registry(registered(), draining);
    expect(run.decide(register({ instance: 'i-2' }))).toMatchObject([{ type: 'agent.registered' }]);
    expect(run.state.agents.get('dev-1')?.drainReason).toBeUndefined();
  });
});

describe('a pause', () => {
  it('begins, is said again without effect, and is replaced by another', () => {
    registry(registered())
      .when(pause(limited(9000)))
      .then([paused(limited(9000))]);
    registry(registered(), paused(limited(9000)))
      .when(pause(limited(9000)))
      .thenNothing();
    registry(registered(), paused(limited(9000)))
      .when(pause({ pause: 'blocked-on-human' }))
      .then([paused({ pause: 'blocked-on-human' })]);
  });

  it('ends when the agent says so, once', () => {
    registry(registered(), paused({ pause: 'blocked-on-human' }))
      .when(pause())
      .then([paused()]);
    registry(registered()).when(pause()).thenNothing();
  });

  it('ends by itself at its time, and at no other', () => {
    const past = registry(registered(), paused(limited(9000)));
    expect(past.run.dueAtMs()).toBe(9000);
    past.whenTimePassesTo(8999).thenNothing();
    past.whenTimePassesTo(9000).then([paused({}, 9000)]);
    expect(past.run.dueAtMs()).toBe(Infinity);
  });

  it('ends at its time for an owner that came after it began', () => {
    const past = registry(registered(), paused(limited(9000)));
    past.run.restart();
    past.whenTimePassesTo(9000).then([paused({}, 9000)]);
  });

  it('that was made longer does not end at the time it had first', () => {
    const past = registry(registered(), paused(limited(9000)), paused(limited(12_000)));
    past.whenTimePassesTo(9000).thenNothing();
    expect(past.run.dueAtMs()).toBe(12_000);
    past.run.at(9000);
    past.when(pause({ untilMs: 9000 })).thenNothing();
  });

  it('goes on for the same instance, and ends with it', () => {
    expect(registry(registered(), paused(limited(9000))).run.decide(register({ capacity: 2 }))).toMatchObject([
      { type: 'agent.registered' },
      { type: 'agent.paused', data: { pause: 'rate-limited', untilMs: 9000 } },
    ]);
    expect(registry(registered(), paused(limited(9000))).run.decide(register({ instance: 'i-2' }))).toHaveLength(1);
  });

  it('is refused when it would be over already, of another instance, and of who has left', () => {
    registry(registered())
      .when(pause(limited(NOW_MS)))
      .thenRejected('pause-over');
    registry(registered({ instance: 'i-2' }))
      .when(pause(limited(9000)))
      .thenRejected('stale-instance');
    registry(registered(), deregistered)
      .when(pause(limited(9000)))
      .thenRejected('agent-deregistered');
  });
});
