import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as it came: the path is that within the project. */
export interface Asked {
  readonly route: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** A gateway that answers each route of a project with what the test says, and keeps what it was asked. */
export class CannedGateway {
  readonly asked: Asked[] = [];
  private readonly server: Server;

  private constructor(private readonly answers: Readonly<Record<string, object>>) {
    this.server = createServer((request, response) => void this.answer(request, response));
  }

  /** By `<method> <path within the project>`: a body, or a problem, which is what has a `status`. Other writes are accepted at 7-0. */
  static async answering(answers: Readonly<Record<string, object>> = {}): Promise<CannedGateway> {
    const gateway = new CannedGateway(answers);
    await new Promise<void>((resolve) => gateway.server.listen(0, '127.0.0.1', resolve));
    return gateway;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    const route = `${request.method} ${decodeURIComponent(pathname.replace(/^\/v1\/projects\/[^/]+/, ''))}`;
    this.asked.push({ route, query: Object.fromEntries(searchParams), body: await bodyOf(request) });
    const answer = this.answers[route] ?? (request.method === 'GET' ? notFound(route) : { position: '7-0' });
    const status = 'status' in answer && 'code' in answer ? Number(answer.status) : 200;
    response.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' });
    response.end(JSON.stringify(answer));
  }
}

/** An RFC 9457 document. */
export const problem = (status: number, code: string, detail: string, more: object = {}): object => ({
  type: `urn:torch:problem:${code}`,
  title: code,
  status,
  code,
  detail,
  ...more,
});

const notFound = (route: string): object => problem(404, 'not-found', `There is no ${route}.`);

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString('utf8'));
}
