import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import type { Scope } from '../scope.ts';

/** Names and values as they came. */
export type Parameters = readonly (readonly [name: string, value: string])[];

/** A backend that is no HTTP server, and the parameters it was called with. */
export interface ParameterBackend {
  readonly port: number;
  /** Parameters of each request, in their order: one that is sent twice is there twice. */
  readonly calls: Parameters[];
}

/** Starts a responder of FastCGI (its specification, sections 3 and 5), and stops it after the test. */
export function startFastCgi(t: Scope): Promise<ParameterBackend> {
  return startParameterBackend(t, (socket, data) => {
    const calls: Buffer[] = [];
    let at = 0;
    while (at + 8 <= data.length) {
      const [type, length, padding] = [data[at + 1], data.readUInt16BE(at + 4), data[at + 6] ?? 0];
      const content = data.subarray(at + 8, at + 8 + length);
      if (type === 4) calls.push(content);
      at += 8 + length + padding;
      if (type === 5 && length === 0) {
        const body = Buffer.from('Status: 200 OK\r\nContent-Type: text/plain\r\n\r\nok');
        socket.end(Buffer.concat([record(6, body), record(6), record(3, Buffer.alloc(8))]));
        return readPairs(Buffer.concat(calls));
      }
    }
    return undefined;
  });
}

/** Starts an application server of the uwsgi protocol, and stops it after the test. */
export function startUwsgi(t: Scope): Promise<ParameterBackend> {
  return startParameterBackend(t, (socket, data) => {
    if (data.length < 4 || data.length < 4 + data.readUInt16LE(1)) return undefined;
    const parameters: [string, string][] = [];
    let at = 4;
    const text = () => {
      const length = data.readUInt16LE(at);
      at += 2 + length;
      return data.toString('latin1', at - length, at);
    };
    const end = 4 + data.readUInt16LE(1);
    while (at < end) parameters.push([text(), text()]);
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    return parameters;
  });
}

/** `read` answers and returns the parameters as soon as the request is complete. */
async function startParameterBackend(
  t: Scope,
  read: (socket: Socket, data: Buffer) => Parameters | undefined,
): Promise<ParameterBackend> {
  const calls: Parameters[] = [];
  const server = createServer((socket) => {
    let data = Buffer.alloc(0);
    let isRead = false;
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      data = Buffer.concat([data, chunk]);
      const parameters = isRead ? undefined : read(socket, data);
      if (parameters === undefined) return;
      isRead = true;
      calls.push(parameters);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => void server.close());
  return { port: (server.address() as AddressInfo).port, calls };
}

function record(type: number, content = Buffer.alloc(0)): Buffer {
  const head = Buffer.from([1, type, 0, 1, 0, 0, 0, 0]);
  head.writeUInt16BE(content.length, 4);
  return Buffer.concat([head, content]);
}

function readPairs(data: Buffer): Parameters {
  const parameters: [string, string][] = [];
  let at = 0;
  const length = () => {
    const first = data[at] ?? 0;
    at += first < 128 ? 1 : 4;
    return first < 128 ? first : data.readUInt32BE(at - 4) & 0x7fffffff;
  };
  while (at < data.length) {
    const [name, value] = [length(), length()];
    const text = data.toString('latin1', at, at + name + value);
    parameters.push([text.slice(0, name), text.slice(name)]);
    at += name + value;
  }
  return parameters;
}
