import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpDouble, jsonBodyOf, pathInProject, problem, sendJson } from './http.double';

/** One request as it came: the path is that within the project. */
export interface Asked {
  readonly route: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** A gateway that answers each route of a project with what the test says, and keeps what it was asked. */
export class CannedGateway {
  readonly asked: Asked[] = [];
  private server!: HttpDouble;

  private constructor(private readonly answers: Readonly<Record<string, object>>) {}

  /** By `<method> <path within the project>`: a body, or a problem, which is what has a `status`. Other writes are accepted at 7-0. */
  static async answering(answers: Readonly<Record<string, object>> = {}): Promise<CannedGateway> {
    const gateway = new CannedGateway(answers);
    gateway.server = await HttpDouble.start((request, response) => gateway.answer(request, response));
    return gateway;
  }

  get url(): string {
    return this.server.url;
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    const route = `${request.method} ${decodeURIComponent(pathInProject(pathname))}`;
    this.asked.push({ route, query: Object.fromEntries(searchParams), body: await jsonBodyOf(request) });
    const answer =
      this.answers[route] ?? (request.method === 'GET' ? problem(404, 'not-found', `There is no ${route}.`) : { position: '7-0' });
    sendJson(response, 'status' in answer && 'code' in answer ? Number(answer.status) : 200, answer);
  }
}
