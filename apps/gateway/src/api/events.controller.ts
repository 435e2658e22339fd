import { Controller, Get, Headers, Param, Query, Res } from '@nestjs/common';
import { parseEventId } from '@torch/log';
import type { FastifyReply } from 'fastify';
import { OpenStreams } from '../adapters/open-streams.adapter';
import { Operation } from '../openapi/operation.decorator';
import { EventStreams, type EventStart } from '../reactors/event-streams.reactor';
import { EventsQuery } from './edge.contracts';
import { queryOf } from './edge.pipes';
import { SystemProjectToo } from './request-context';
import { refusal } from './refusal';

@SystemProjectToo()
@Controller('v1/projects/:project/events')
export class EventsController {
  constructor(
    private readonly events: EventStreams,
    private readonly streams: OpenStreams,
  ) {}

  @Operation({
    summary: 'Events of the project as they come (server-sent events); `Last-Event-ID` resumes.',
    query: EventsQuery,
    media: 'text/event-stream',
  })
  @Get()
  async stream(
    @Param('project') project: string,
    @Query(queryOf(EventsQuery)) { types, subject, after }: EventsQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const start = startOf(lastEventId, after);
    const connection = this.streams.sse(reply, `the events of project ${project}`);
    try {
      await this.events.open({ project, types, subject }, start, connection);
    } catch (error) {
      connection.end('it could not be opened');
      throw error;
    }
  }
}

function startOf(lastEventId: string | undefined, after: number | undefined): EventStart {
  if (lastEventId === undefined || lastEventId === '') return after === undefined ? undefined : { afterSeq: after };
  try {
    return { lastEvent: parseEventId(lastEventId) };
  } catch (error) {
    throw refusal(400, 'invalid-header', `The header Last-Event-ID does not fit: ${(error as Error).message}`);
  }
}
