import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An HTTP server on a port of its own, for doubles. */
export class HttpDouble {
  private constructor(private readonly server: Server) {}

  static async start(answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>): Promise<HttpDouble> {
    const server = createServer((request, response) => void answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new HttpDouble(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** The path of a request within its project. */
export const pathInProject = (pathname: string): string => pathname.replace(/^\/v1\/projects\/[^/]+/, '');

/** Undefined for a request without a body. */
export async function jsonBodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' });
  response.end(JSON.stringify(body));
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
