import { STATUS_CODES } from 'node:http';
import { type ArgumentsHost, Catch, type ExceptionFilter, Inject, Injectable, Logger } from '@nestjs/common';
import { describeThrown } from '@torch/kernel';
import { PROBLEM_MEDIA_TYPE, problemAnswerOf } from '@torch/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';
import { AccessRecorder } from '../reactors/access-recorder.reactor';
import { Refusal } from './refusal';

interface Answer {
  readonly document: { readonly status: number; readonly code: string; readonly detail?: string };
  readonly headers: Readonly<Record<string, string>>;
  readonly unexpected: boolean;
}

const TRY_AGAIN_LATER: readonly number[] = [429, 503];

/** Every error that leaves the gateway is a problem document (RFC 9457); every refusal of a caller leaves an event. */
@Catch()
@Injectable()
export class EdgeFilter implements ExceptionFilter {
  private readonly logger = new Logger(EdgeFilter.name);

  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    private readonly access: AccessRecorder,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const { document, headers, unexpected } = this.answerTo(error, pathOf(request));
    this.record(error, request, document, unexpected);
    if (reply.raw.headersSent) {
      reply.raw.destroy(); // Half an answer is out; cutting it off is the only way left to say that it is not whole.
      return;
    }
    const again = TRY_AGAIN_LATER.includes(document.status) ? { 'retry-after': String(this.config.retryAfterS) } : {};
    void reply
      .code(document.status)
      .headers({ ...headers, ...again })
      .type(PROBLEM_MEDIA_TYPE)
      .send(JSON.stringify(document));
  }

  private answerTo(error: unknown, instance: string): Answer {
    if (error instanceof Refusal) {
      const { status, code, extra } = error.fields;
      const document = {
        type: `urn:torch:problem:${code}`,
        title: STATUS_CODES[status],
        status,
        detail: error.message,
        code,
        instance,
        ...extra,
      };
      return { document, headers: {}, unexpected: false };
    }
    const { problem, headers, unexpected } = problemAnswerOf(error, instance);
    return { document: problem, headers, unexpected };
  }

  private record(error: unknown, request: FastifyRequest, { status, code, detail = '' }: Answer['document'], unexpected: boolean): void {
    const what = `${request.method} ${pathOf(request)}`;
    const caller = request.principal?.actor;
    if (unexpected) this.logger.error(`${what} failed: ${describeThrown(error)}`);
    else if (status === 401 || status === 403) {
      this.logger.warn(`Refused ${what} to ${caller ?? request.ip}: ${detail}`);
      const { project } = (request.params ?? {}) as { project?: string };
      const route = request.routeOptions.url ?? pathOf(request);
      this.access.refused({ project, caller, method: request.method, route, code, detail, address: request.ip });
    }
  }
}

const pathOf = ({ url }: Pick<FastifyRequest, 'url'>): string => url.split('?', 1)[0] ?? url;
