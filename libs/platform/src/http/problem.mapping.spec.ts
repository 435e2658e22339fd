import { ForbiddenException, HttpException, NotFoundException } from '@nestjs/common';
import { DeadlineExceeded } from '@torch/host';
import { InvariantViolation, Rejection } from '@torch/kernel';
import { EntryTooLarge, Fenced, LogUnavailable, QueueFull } from '@torch/log';
import { Forbidden, Unauthorized } from '../auth/auth.errors';
import { problemAnswerOf, statusOfRejection } from './problem.mapping';
import { NotFound, RequestInvalid } from './request.errors';

describe('a rejection', () => {
  it.each([
    ['unknown-task', 404],
    ['unknown-project', 404],
    ['unknown-dependency', 422],
    ['project-exists', 409],
    ['under-legal-hold', 409],
    ['stale-attempt', 409],
    ['run-ended', 409],
    ['task-over', 409],
    ['task-completed', 409],
    ['task-not-ended', 409],
    ['lease-not-expired', 409],
    ['dependency-not-completed', 409],
    ['forbidden', 403],
    ['busy', 503],
    ['too-large', 413],
    ['invalid-command', 400],
    ['pools-too-large', 413],
    ['spawned-already', 409],
    ['message-dead-lettered', 409],
    ['inbox-full', 409],
    ['duplicate-key', 422],
    ['dependency-cycle', 422],
    ['too-many-agents', 422],
    ['unknown-limit', 404],
    ['unknown-semaphore', 422],
    ['unknown-option', 422],
    ['unknown-affinity', 422],
    ['unknown-context-version', 409],
    ['context-text-gone', 410],
    ['approval-answered', 409],
    ['approval-withdrawn', 409],
    ['conflict-resolved', 409],
    ['attempt-not-started', 409],
    ['conflict-escalated', 403],
    ['not-asked', 403],
    ['not-yours', 403],
    ['claim-ending', 409],
    ['open-tasks-limit', 409],
    ['queue-full', 409],
    ['invalid-cron', 422],
    ['contradictory-times', 422],
  ])('with code %s has status %d', (code, status) => {
    expect(statusOfRejection(code)).toBe(status);
  });

  it('keeps its code and sentence', () => {
    const { problem, headers, unexpected } = problemAnswerOf(
      new Rejection('run-ended', 'Run r1 has ended.'),
      '/v1/projects/p/runs/r1/cancel',
    );
    expect(problem).toEqual({
      type: 'urn:torch:problem:run-ended',
      title: 'Conflict',
      status: 409,
      detail: 'Run r1 has ended.',
      code: 'run-ended',
      instance: '/v1/projects/p/runs/r1/cancel',
    });
    expect([headers, unexpected]).toEqual([{}, false]);
  });
});

describe('an error', () => {
  it.each([
    [new RequestInvalid([{ pointer: '/role', message: '"role" is missing.' }]), 400, 'invalid-request'],
    [new NotFound('unknown-project', 'There is no project "p".'), 404, 'unknown-project'],
    [new Unauthorized('The token has expired.'), 401, 'unauthorized'],
    [new Forbidden('No.'), 403, 'forbidden'],
    [new EntryTooLarge('A commit', 2, 1), 413, 'entry-too-large'],
    [new QueueFull(0, 'scheduler', 20_000), 503, 'command-queue-full'],
    [new LogUnavailable('ECONNREFUSED 10.0.0.7:6379', false), 503, 'log-unavailable'],
    [new Fenced(0, 'scheduler', 3), 503, 'log-unavailable'],
    [new DeadlineExceeded('SubmitRun', 5000), 503, 'deadline-exceeded'],
    [new NotFoundException('Cannot GET /nowhere'), 404, 'not-found'],
    [new ForbiddenException(), 403, 'forbidden'],
    [new HttpException({ message: ['a', 'b'] }, 400), 400, 'bad-request'],
    [new HttpException('Slow down', 429), 429, 'too-many-requests'],
  ])('%s becomes %d %s', (error, status, code) => {
    const { problem, unexpected } = problemAnswerOf(error);
    expect(problem).toMatchObject({ status, code, type: `urn:torch:problem:${code}` });
    expect(problem.detail).toMatch(/^\S.*[.!?]$/);
    expect(unexpected).toBe(false);
  });

  it.each([new LogUnavailable('x', true), new QueueFull(0, 's', 1), new DeadlineExceeded('q', 1), new Rejection('busy', 'Busy.')])(
    '%s says when to try again',
    (error) => {
      expect(problemAnswerOf(error).headers).toEqual({ 'retry-after': '1' });
    },
  );

  it('of its own names the fields', () => {
    const errors = [{ pointer: '/tasks/0/role', message: '"tasks.0.role" is missing.' }];
    expect(problemAnswerOf(new RequestInvalid(errors)).problem).toMatchObject({ detail: '"tasks.0.role" is missing.', errors });
  });

  it.each([
    new TypeError("Cannot read properties of undefined (reading 'secretThing')"),
    new InvariantViolation('Partition 3 holds secretThing twice.'),
    new HttpException('secretThing', 500),
    new LogUnavailable('secretThing:6379 refused', false),
    Object.assign(new Error('secretThing'), { statusCode: 404, code: 'ENOENT' }),
    'secretThing',
    undefined,
  ])('of a bug or an outage (%s) gives nothing of its inside away', (error) => {
    const answer = problemAnswerOf(error);
    expect(JSON.stringify(answer)).not.toContain('secretThing');
    expect(answer.problem.status).toBeGreaterThanOrEqual(500);
  });
});
