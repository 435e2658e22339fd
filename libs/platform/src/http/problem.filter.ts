import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import { describeThrown } from '@torch/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PROBLEM_MEDIA_TYPE } from './problem';
import { problemAnswerOf } from './problem.mapping';

/** Answers every error of an HTTP handler with a problem document. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('http');

  catch(error: unknown, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw error;
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const unexpected = answerWithProblem(error, request, http.getResponse<FastifyReply>());
    if (unexpected) this.logger.error(describeThrown(error), undefined, `${request.method} ${pathOf(request)}`);
  }
}

/** @returns whether the error is one of Torch's own, for the log. */
export function answerWithProblem(error: unknown, request: Pick<FastifyRequest, 'url'>, reply: FastifyReply): boolean {
  const { problem, headers, unexpected } = problemAnswerOf(error, pathOf(request));
  // A stream that has begun cannot become a problem document any more: end it, so that the client connects again.
  if (reply.raw.headersSent) reply.raw.destroy();
  else void reply.code(problem.status).headers(headers).type(PROBLEM_MEDIA_TYPE).send(JSON.stringify(problem));
  return unexpected;
}

const pathOf = ({ url }: Pick<FastifyRequest, 'url'>): string => url.split('?', 1)[0] ?? url;
