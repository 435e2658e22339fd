import { Readable } from 'node:stream';
import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import type { Principal } from '@torch/platform';
import type { FastifyReply } from 'fastify';
import { AttemptAccess } from '../adapters/attempt-access.adapter';
import { OutputStore } from '../adapters/output-store.adapter';
import { Operation } from '../openapi/operation.decorator';
import { OutputFollower } from '../reactors/output-follower.reactor';
import { OutputAppended, OutputChunkQuery, OutputQuery } from './edge.contracts';
import { AttemptPipe, IdPipe, queryOf } from './edge.pipes';
import { refusal } from './refusal';
import { Caller } from './request-context';

const CHUNK_MEDIA = ['text/plain', 'application/octet-stream'] as const;

/** What attempts print. Kept apart from the log. */
@Controller('v1/projects/:project/tasks/:taskId')
export class OutputsController {
  constructor(
    private readonly store: OutputStore,
    private readonly follower: OutputFollower,
    private readonly access: AttemptAccess,
  ) {}

  @Operation({
    summary: 'Adds to the output of an attempt. The same chunk twice is added once.',
    bodyMedia: CHUNK_MEDIA,
    query: OutputChunkQuery,
    answer: OutputAppended,
  })
  @Post('attempts/:attempt/output')
  async append(
    @Param('project') project: string,
    @Caller() caller: Principal,
    @Param('taskId', IdPipe) taskId: string,
    @Param('attempt', AttemptPipe) attempt: number,
    @Query(queryOf(OutputChunkQuery)) { offset, assignment }: OutputChunkQuery,
    @Body() chunk: unknown,
  ): Promise<OutputAppended> {
    if (!Buffer.isBuffer(chunk)) throw refusal(415, 'unsupported-media-type', `The body must be ${CHUNK_MEDIA.join(' or ')}.`);
    const ref = { project, taskId, attempt, assignment };
    await this.access.assertWritable(ref, caller);
    const appended = await this.store.append(ref, offset, chunk);
    if ('expectedOffset' in appended) {
      throw refusal(409, 'wrong-offset', `The output has ${appended.expectedOffset} bytes; the chunk begins at ${offset}.`, appended);
    }
    return { size: appended.size, ...(appended.truncated && { truncated: true }) };
  }

  @Operation({ summary: 'The output of an attempt; the header Torch-Attempt says of which.', query: OutputQuery, media: 'text/plain' })
  @Get('output')
  async read(
    @Param('project') project: string,
    @Param('taskId', IdPipe) taskId: string,
    @Query(queryOf(OutputQuery)) { attempt, offset = 0, follow = false }: OutputQuery,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const task = await this.follower.task(project, taskId);
    const wanted = attempt ?? Math.max(task.attempt, 1);
    const ref = { project, taskId, attempt: wanted, ...(wanted === task.attempt && { assignment: task.assignment }) };
    const now = wanted > task.attempt ? [] : this.follower.read(ref, offset); // What the log has not assigned has no output.
    const bytes = follow ? await this.follower.follow(ref, offset) : now;
    await reply
      .headers({ 'content-type': 'text/plain; charset=utf-8', 'torch-attempt': String(ref.attempt) })
      .send(Readable.from(bytes, { objectMode: false, highWaterMark: 64 * 1024 }));
  }
}
