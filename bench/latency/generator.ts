/**
 * Open-loop load generator, in its own process: it sends handshakes at constant intervals, whether
 * or not earlier ones were answered, and measures each from its scheduled time. A closed-loop
 * generator would omit the requests that had to wait (coordinated omission).
 *
 * Reads its task as JSON and prints the results as JSON.
 */
import { connect, type Socket } from 'node:net';

/** What to send, and at which rate. */
export interface Task {
  readonly port: number;
  /** Complete requests, sent in turn. */
  readonly requests: readonly string[];
  readonly perSecond: number;
  /** Duration. The first seconds do not count: Node compiles the generator. */
  readonly seconds: { readonly first: number; readonly counted: number };
  readonly connections: number;
}

/** Milliseconds. */
export interface Quantiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/** Results. */
export interface Outcome {
  /** Latency: from the scheduled time to the complete response. */
  readonly latency: Quantiles;
  /** Lag: from the scheduled time to sending, which is the generator's own delay. */
  readonly lag: Quantiles;
}

/** Timeout after the last request, in milliseconds. */
const timeoutMs = 10_000;

/** End of a response: nginx sends no body here. */
const endOfHead = Buffer.from('\r\n\r\n');
const admitted = Buffer.from('HTTP/1.1 200 ');
const lastOfConnection = Buffer.from('\r\nConnection: close\r\n');
const nothing = Buffer.alloc(0);

/** A connection, with its request in flight. */
interface Client {
  socket: Socket;
  index: number;
  answer: Buffer;
}

async function generate(task: Task): Promise<Outcome> {
  const { port, requests, perSecond, seconds, connections } = task;
  const first = Math.floor(perSecond * seconds.first);
  const count = first + Math.floor(perSecond * seconds.counted);
  const latencies = new Float64Array(count);
  const lags = new Float64Array(count);
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));
  return new Promise((resolve, reject) => {
    const clients = sockets.map((socket): Client => ({ socket, index: 0, answer: nothing }));
    const free = [...clients];
    const waiting: number[] = [];
    let next = 0;
    let answered = 0;
    const start = performance.now();
    const dueAt = (index: number) => start + (index * 1_000) / perSecond;

    const finish = (error?: Error) => {
      clearTimeout(timer);
      for (const { socket } of clients) socket.destroy();
      if (error) return reject(error);
      const counted = (all: Float64Array) => quantilesOf(all.subarray(first));
      resolve({ latency: counted(latencies), lag: counted(lags) });
    };
    const timer = setTimeout(
      () => finish(new Error(`${count - answered} of ${count} requests got no answer`)),
      (seconds.first + seconds.counted) * 1_000 + timeoutMs,
    );

    function send(client: Client, index: number): void {
      client.index = index;
      lags[index] = performance.now() - dueAt(index);
      client.socket.write(requests[index % requests.length] ?? '');
    }

    function take(client: Client, chunk: Buffer): void {
      const answer = client.answer.length === 0 ? chunk : Buffer.concat([client.answer, chunk]);
      if (!answer.subarray(-endOfHead.length).equals(endOfHead)) {
        client.answer = answer;
        return;
      }
      client.answer = nothing;
      if (!answer.subarray(0, admitted.length).equals(admitted)) {
        finish(new Error(`a handshake got ${answer.toString('latin1').split('\r')[0]}`));
        return;
      }
      latencies[client.index] = performance.now() - dueAt(client.index);
      answered++;
      if (answered === count) finish();
      else if (answer.includes(lastOfConnection)) replace(client);
      else goOnWith(client);
    }

    function goOnWith(client: Client): void {
      const index = waiting.shift();
      if (index === undefined) free.push(client);
      else send(client, index);
    }

    /** nginx closes a connection after keepalive_requests. */
    function replace(client: Client): void {
      client.socket.off('end', closed).destroy();
      open(port).then((socket) => {
        client.socket = socket;
        watch(client);
        goOnWith(client);
      }, finish);
    }

    const closed = () => finish(new Error('a connection was closed'));
    function watch(client: Client): void {
      client.socket.on('data', (chunk) => take(client, chunk));
      client.socket.on('error', finish).on('end', closed);
    }

    /** Busy loop: Node's timers are too coarse by a factor of ten. */
    function turn(): void {
      const now = performance.now();
      for (; next < count && dueAt(next) <= now; next++) {
        const client = free.pop();
        if (client === undefined) waiting.push(next);
        else send(client, next);
      }
      if (next < count) setImmediate(turn);
    }

    for (const client of clients) watch(client);
    turn();
  });
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => {
      socket.off('error', reject);
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

function quantilesOf(values: Float64Array): Quantiles {
  const sorted = values.toSorted();
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99) };
}

let task = '';
for await (const chunk of process.stdin.setEncoding('utf8')) task += chunk;
process.stdout.write(JSON.stringify(await generate(JSON.parse(task) as Task)));
