import { readFileSync } from 'node:fs';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { TlsFiles } from './log-server-program';

const ANSWER_MS_MAX = 1000;

export interface PingTarget {
  readonly port: number;
  readonly user?: { readonly name: string; readonly password: string };
  readonly tls?: TlsFiles;
}

/** True when the log server on this port has read its data and answers. */
export function answersPing(target: PingTarget): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTo(target);
    let answer = '';
    const end = (answers: boolean): void => {
      socket.destroy();
      resolve(answers);
    };
    const { user } = target;
    socket.once(target.tls ? 'secureConnect' : 'connect', () =>
      socket.write(`${user ? `AUTH ${user.name} ${user.password}\r\n` : ''}PING\r\n`),
    );
    socket.on('data', (chunk) => {
      answer += chunk.toString();
      const lines = answer.split('\r\n').slice(0, -1);
      if (lines.length >= (user ? 2 : 1)) end(lines.at(-1) === '+PONG');
    });
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
    socket.once('close', () => end(false));
  });
}

function connectTo({ port, tls }: PingTarget): Socket {
  const place = { port, host: '127.0.0.1', timeout: ANSWER_MS_MAX };
  if (!tls) return connectPlain(place);
  // Whether the certificate is good is what tests are about: this only asks whether the server is there.
  return connectTls({ ...place, cert: readFileSync(tls.cert), key: readFileSync(tls.key), rejectUnauthorized: false });
}
