import { Controller, Get, Inject, Param, Query, Res } from '@nestjs/common';
import { type FieldProblem, type FindEvents, momentMs } from '@torch/contracts';
import { parseEventId } from '@torch/log';
import type { FastifyReply } from 'fastify';
import { HistoryExports } from '../adapters/history-exports.adapter';
import { type HistoryPage, HistorySearch } from '../adapters/history-search.adapter';
import { Owners } from '../adapters/owners.adapter';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';
import { HISTORY_PAGE } from '../openapi/cloud-event.schema';
import { Operation } from '../openapi/operation.decorator';
import { invalid } from './contract.pipe';
import { HistoryFilter, HistoryPageQuery } from './edge.contracts';
import { queryOf } from './edge.pipes';
import { SystemProjectToo } from './request-context';

/** What happened in a project, from its first event on, as far as it is still in the archive or the log. */
@SystemProjectToo()
@Controller('v1/projects/:project/history')
export class HistoryController {
  constructor(
    private readonly search: HistorySearch,
    private readonly exports: HistoryExports,
    private readonly owners: Owners,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {}

  @Operation({
    summary: 'Events of the past, oldest first, by what they are; a page may be short, and `next` says where to go on.',
    query: HistoryPageQuery,
    answer: HISTORY_PAGE,
  })
  @Get()
  page(@Param('project') project: string, @Query(queryOf(HistoryPageQuery)) { limit, ...filter }: HistoryPageQuery): Promise<HistoryPage> {
    return this.search.page(project, { ...this.question(project, filter), limit });
  }

  @Operation({
    summary: 'All of them, a CloudEvent a line; the trailers Torch-Events and Torch-Pruned say how many there were.',
    query: HistoryFilter,
    media: 'application/x-ndjson',
  })
  @Get('export')
  async export(
    @Param('project') project: string,
    @Query(queryOf(HistoryFilter)) filter: HistoryFilter,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.exports.send(reply, project, this.question(project, filter));
  }

  /** @throws RequestInvalid naming every field that does not fit. */
  private question(project: string, { from, to, after, ...filter }: HistoryFilter): FindEvents {
    const problems: FieldProblem[] = [];
    const moment = (name: string, text: string | undefined): number | undefined => {
      const atMs = text === undefined ? undefined : momentMs(text);
      if (text !== undefined && atMs === undefined)
        problems.push({ pointer: `/${name}`, message: `"${name}" must be a time of ISO 8601, such as 2026-11-22T14:03:27Z.` });
      return atMs;
    };
    const question = { ...filter, after, fromMs: moment('from', from), toMs: moment('to', to) };
    const problem = after !== undefined && placeProblem(after, this.owners.partitionOf(project));
    if (problem) problems.push({ pointer: '/after', message: problem });
    if (problems.length > 0) throw invalid(problems, this.config);
    return question;
  }
}

function placeProblem(after: string, partition: number): string | undefined {
  try {
    if (parseEventId(after).partition === partition) return undefined;
    return `"after" must be an event of partition ${partition}, where everything of the project is.`;
  } catch {
    return '"after" must be the id of an event, <partition>/<seq>-<generation>/<index>, such as 3/42-0/0.';
  }
}
