import { TaskSpec } from '../scheduler/task-spec';
import { fieldProblem } from '../validate';
import { planTaskOf, taskSpecOf } from './plan-task.mapping';
import type { PlanTask } from './plan.task';

const NOW_MS = 1_000_000;
const keys = ['a', 'b', 'c'];
const surroundings = { taskId: (key: string) => `run-1.${key}`, hasKey: (key: string) => keys.includes(key), nowMs: NOW_MS };
const specOf = (more: Partial<PlanTask>) => taskSpecOf({ key: 'a', role: 'developer', run: 'true', ...more }, surroundings);

describe('a task of a plan', () => {
  it('keeps everything that it asks for', () => {
    const claims: PlanTask['claims'] = [{ path: 'repo:src/**', mode: 'exclusive' }];
    const evidence = { exitCodeZero: true, artefacts: [{ path: 'a' }] };
    const spec = specOf({
      kind: 'review',
      skills: ['ts:3'],
      prefer: ['go'],
      labels: { arch: 'arm64' },
      affinity: { sameAgentAs: ['b', 'run-0.x'], notAgentOf: ['c'] },
      fairnessKey: 'team-a',
      semaphores: ['db'],
      notBefore: '15m',
      queueTimeout: '1h',
      deadline: '2h',
      progressTimeout: '5m',
      dependsOn: ['b', 'run-0.x', 'b'],
      after: [
        { task: 'c', on: 'failure' },
        { task: 'run-0:y', on: 'completion' },
      ],
      onDependencyFailure: 'continue',
      claims,
      approval: { question: 'May I?', timeout: '1h', onTimeout: 'escalate', escalateTo: 'lead' },
      budget: { tokens: 100, wall: '1h' },
      estimate: { costUsd: 0.5 },
      metered: true,
      evidence,
    });
    expect(fieldProblem(TaskSpec, spec)).toBeUndefined();
    expect(spec).toEqual({
      taskId: 'run-1.a',
      key: 'a',
      title: 'a',
      role: 'developer',
      run: 'true',
      kind: 'review',
      skills: ['ts:3'],
      prefer: ['go'],
      labels: { arch: 'arm64' },
      affinity: { sameAgentAs: ['run-1.b', 'run-0.x'], notAgentOf: ['run-1.c'] },
      fairnessKey: 'team-a',
      semaphores: ['db'],
      notBeforeMs: NOW_MS + 900_000,
      queueTimeoutMs: 3_600_000,
      deadlineMs: 7_200_000,
      progressTimeoutMs: 300_000,
      timeoutMs: 1_800_000,
      retries: 2,
      priority: 5,
      dependsOn: ['run-1.b', 'run-0.x'],
      after: [
        { taskId: 'run-1.c', on: 'failure' },
        { taskId: 'run-0:y', on: 'completion' },
      ],
      onDependencyFailure: 'continue',
      claims,
      approval: { question: 'May I?', timeoutMs: 3_600_000, onTimeout: 'escalate', escalateTo: 'lead' },
      budget: { tokens: 100, wallMs: 3_600_000 },
      estimate: { costUsd: 0.5 },
      metered: true,
      evidence,
    });
  });

  it('says only what it was given', () => {
    expect(Object.keys(specOf({})).sort()).toEqual(
      ['taskId', 'key', 'title', 'role', 'skills', 'prefer', 'dependsOn', 'priority', 'timeoutMs', 'retries', 'run'].sort(),
    );
    expect(specOf({ approval: {}, affinity: {} })).toMatchObject({ approval: {}, affinity: {} });
  });

  it('may start at a moment of its own', () => {
    expect(specOf({ notBefore: '2026-11-23T09:00+01:00' }).notBeforeMs).toBe(Date.parse('2026-11-23T08:00Z'));
  });
});

describe('a task that is kept', () => {
  it('is stated with its times as the shortest texts, and without what is of one run', () => {
    const spec = specOf({
      timeout: '300s',
      deadline: '90m',
      queueTimeout: '1500ms',
      approval: { timeout: '24h', onTimeout: 'deny' },
      budget: { tokens: 5, wall: '90s' },
      estimate: { wall: '0s' },
      dependsOn: ['b'],
      after: [{ task: 'c', on: 'failure' }],
      notBefore: '15m',
    });
    expect(planTaskOf(spec)).toEqual({
      key: 'a',
      title: 'a',
      role: 'developer',
      skills: [],
      prefer: [],
      run: 'true',
      priority: 5,
      retries: 2,
      timeout: '5m',
      deadline: '90m',
      queueTimeout: '1500ms',
      approval: { timeout: '1d', onTimeout: 'deny' },
      budget: { tokens: 5, wall: '90s' },
      estimate: { wall: '0ms' },
    });
  });
});
