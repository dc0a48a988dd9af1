import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { needProgram } from '../../scripts/programs.ts';
import { temporaryDirectory } from '../directory.ts';
import type { Scope } from '../scope.ts';
import { waitFor } from '../wait.ts';

/** A client that holds a TLS 1.3 session of a server, and sends requests as early data with it (RFC 8446). */
export interface EarlyClient {
  /** Sends a request as early data; gives the head of the answer, or nothing. */
  send(request: string): Promise<string>;
}

/** Gets a session of the server on this port. Lines of requests may end in \n alone. */
export async function connectEarly(t: Scope, port: number): Promise<EarlyClient> {
  const directory = temporaryDirectory(t);
  const session = join(directory, 'session.pem');
  const start = (to: number, args: readonly string[]) => {
    const client = spawn(
      needProgram('openssl'),
      ['s_client', '-connect', `127.0.0.1:${to}`, '-tls1_3', '-quiet', ...args],
      { stdio: ['pipe', 'pipe', 'ignore'] },
    );
    t.after(() => void client.kill());
    return client;
  };
  const first = start(port, ['-sess_out', session]);
  await waitFor('a session of TLS', () => {
    return existsSync(session) && readFileSync(session, 'utf8').includes('-----END');
  });
  first.kill();
  const slow = await startSlowLine(t, port);
  return {
    send: (request) =>
      new Promise((resolve) => {
        const file = join(directory, 'request');
        writeFileSync(file, request.replace(/\r?\n/g, '\r\n'), 'latin1');
        const client = start(slow, ['-sess_in', session, '-early_data', file]);
        let text = '';
        client.stdout.on('data', (chunk: Buffer) => {
          text += chunk.toString('latin1');
          if (text.includes('\r\n\r\n')) client.kill();
        });
        client.once('close', () => resolve(text));
      }),
  };
}

/** The type of TLS records that are encrypted. */
const encrypted = 23;
/** Such records of a server before its answer, where a session is taken up: EncryptedExtensions and Finished. */
const handshakeRecords = 2;

/**
 * A line to the server on which what a client sends behind its early data, which completes the handshake, arrives
 * after the server's answer: else the server may have it already when it reads the request.
 */
async function startSlowLine(t: Scope, port: number): Promise<number> {
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    const held: Buffer[] = [];
    let isEarlySent = false;
    let records = 0;
    const isAnswered = () => records > handshakeRecords;
    readRecords(client, (type, record) => {
      if (isEarlySent && !isAnswered()) return void held.push(record);
      upstream.write(record);
      isEarlySent ||= type === encrypted;
    });
    readRecords(upstream, (type, record) => {
      client.write(record);
      if (type === encrypted) records++;
      if (isAnswered()) for (const one of held.splice(0)) upstream.write(one);
    });
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('end', () => to.end()).on('error', () => to.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** Hands over whole records of TLS (RFC 8446, section 5.1). */
function readRecords(socket: Socket, handle: (type: number, record: Buffer) => void): void {
  let data = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    data = Buffer.concat([data, chunk]);
    while (data.length >= 5 && data.length >= 5 + data.readUInt16BE(3)) {
      const end = 5 + data.readUInt16BE(3);
      handle(data[0] ?? 0, data.subarray(0, end));
      data = data.subarray(end);
    }
  });
}
