import { Body, Controller, Delete, Get, Headers, Param, Put, Query, Res } from '@nestjs/common';
import { Commands, ContextDocument, ContextHistory, ContextList, ListContext, Queries } from '@torch/contracts';
import type { Admission } from '@torch/host';
import { NotFound } from '@torch/platform';
import type { FastifyReply } from 'fastify';
import { ContextWrites } from '../adapters/context-writes.adapter';
import { Owners } from '../adapters/owners.adapter';
import { Operation } from '../openapi/operation.decorator';
import { bodyOf, NamePipe, queryOf } from './edge.pipes';
import { refusal } from './refusal';
import { Admitted } from './request-context';
import { ContextBody, ContextQuery, ContextWritten, RemoveContextBody } from './rules.contracts';

const WRITE = { answer: ContextWritten, idempotent: true, ifMatch: true } as const;

/** Documents that a project's agents share. Writes are compare-and-set; the version is the entity tag. */
@Controller('v1/projects/:project/context')
export class ContextController {
  constructor(
    private readonly owners: Owners,
    private readonly writes: ContextWrites,
  ) {}

  @Operation({ summary: 'Documents by key, without their texts.', query: ListContext, answer: ContextList })
  @Get()
  list(@Param('project') project: string, @Query(queryOf(ListContext)) query: ListContext): Promise<ContextList> {
    return this.owners.query(Queries.ListContext, project, query);
  }

  @Operation({ summary: 'One document; a removed one is a tombstone.', query: ContextQuery, answer: ContextDocument })
  @Get(':key')
  async get(
    @Param('project') project: string,
    @Param('key', NamePipe) key: string,
    @Query(queryOf(ContextQuery)) { version }: ContextQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ContextDocument> {
    const { document } = await this.owners.query(Queries.GetContext, project, { key, version });
    if (document) {
      void reply.header('etag', `"${document.version}"`);
      return document;
    }
    if (version === undefined) throw new NotFound('unknown-context', `There is no document "${key}".`);
    throw new NotFound('unknown-context-version', `Document "${key}" has no version ${version}, or it is not at hand any more.`);
  }

  @Operation({ summary: 'Versions that are at hand, newest first, without texts.', answer: ContextHistory })
  @Get(':key/history')
  async history(@Param('project') project: string, @Param('key', NamePipe) key: string): Promise<ContextHistory> {
    const found = await this.owners.query(Queries.GetContextHistory, project, { key });
    if (found.versions.length === 0) throw new NotFound('unknown-context', `There is no document "${key}".`);
    return found;
  }

  @Operation({
    summary: 'Writes a document on the version that it was made from; 409 `context-conflict` brings both changes together.',
    body: ContextBody,
    ...WRITE,
  })
  @Put(':key')
  async set(
    @Admitted() admission: Admission,
    @Param('key', NamePipe) key: string,
    @Body(bodyOf(ContextBody)) { version: named, ...content }: ContextBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ContextWritten> {
    const version = writtenOn(named, ifMatch);
    const written = await this.writes.write(Commands.UpdateContext, admission, { key, version, ...content });
    void reply.header('etag', `"${written.version}"`);
    return written;
  }

  @Operation({ summary: 'Removes a document, and leaves a tombstone; 409 as for writing.', body: RemoveContextBody, ...WRITE })
  @Delete(':key')
  remove(
    @Admitted() admission: Admission,
    @Param('key', NamePipe) key: string,
    @Body(bodyOf(RemoveContextBody)) { version: named }: RemoveContextBody,
    @Headers('if-match') ifMatch: string | undefined,
  ): Promise<ContextWritten> {
    return this.writes.write(Commands.RemoveContext, admission, { key, version: writtenOn(named, ifMatch) });
  }
}

/** @throws Refusal 428 when neither says it, 400 when the two disagree. */
function writtenOn(named: number | undefined, ifMatch: string | undefined): number {
  const tag = ifMatch === undefined ? undefined : /^(?:W\/)?"?(\d{1,15})"?$/.exec(ifMatch.trim())?.[1];
  if (ifMatch !== undefined && tag === undefined)
    throw refusal(400, 'invalid-header', 'The header If-Match must be a version of the document, such as "3".');
  const tagged = tag === undefined ? undefined : Number(tag);
  if (named !== undefined && tagged !== undefined && named !== tagged)
    throw refusal(400, 'invalid-header', `The header If-Match says version ${tagged}, and the body says ${named}.`);
  const version = named ?? tagged;
  if (version !== undefined) return version;
  const way = 'Say as "version", or in If-Match, on which version the change was made; 0 when there is no document.';
  throw refusal(428, 'version-required', way, { errors: [{ pointer: '/version', message: way }] });
}
