/**
 * An open-loop load generator, in a process of its own: handshakes leave at constant intervals whether
 * or not those before them were answered, and the time of each counts from the moment when it was to
 * leave. A generator that waits for answers would leave out just those that had to wait.
 *
 * Takes its task as JSON, prints what it measured as JSON.
 */
import { connect, type Socket } from 'node:net';

/** What to send, and how fast. */
export interface Task {
  readonly port: number;
  /** Whole requests, which are sent in turn. */
  readonly requests: readonly string[];
  readonly perSecond: number;
  readonly seconds: number;
  readonly connections: number;
}

/** Milliseconds. */
export interface Quantiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/** What became of it. */
export interface Outcome {
  /** From the moment when a request was to leave to its whole answer. */
  readonly latency: Quantiles;
  /** From the moment when a request was to leave to when it left: what the generator adds itself. */
  readonly lag: Quantiles;
}

/** Milliseconds after the last request in which all have to be answered. */
const patienceMs = 10_000;

async function generate(task: Task): Promise<Outcome> {
  const { port, requests, perSecond, seconds, connections } = task;
  const count = Math.floor(perSecond * seconds);
  const latencies = new Float64Array(count);
  const lags = new Float64Array(count);
  const free = await Promise.all(Array.from({ length: connections }, () => open(port)));
  const all = new Set(free);
  return new Promise((resolve, reject) => {
    const waiting: number[] = [];
    let next = 0;
    let answered = 0;
    const start = performance.now();
    const dueAt = (index: number) => start + (index * 1_000) / perSecond;

    const finish = (error?: Error) => {
      clearTimeout(patience);
      for (const socket of all) socket.destroy();
      if (error) reject(error);
      else resolve({ latency: quantilesOf(latencies), lag: quantilesOf(lags) });
    };
    const patience = setTimeout(
      () => finish(new Error(`${count - answered} of ${count} requests got no answer`)),
      seconds * 1_000 + patienceMs,
    );

    function send(socket: Socket, index: number): void {
      lags[index] = performance.now() - dueAt(index);
      let answer = '';
      socket.on('data', function take(chunk: Buffer) {
        answer += chunk.toString('latin1');
        if (!answer.endsWith('\r\n\r\n')) return;
        socket.off('data', take);
        if (!answer.startsWith('HTTP/1.1 200 ')) {
          return finish(new Error(`a handshake got ${answer.slice(0, answer.indexOf('\r'))}`));
        }
        latencies[index] = performance.now() - dueAt(index);
        answered++;
        if (answered === count) finish();
        else if (/^connection: close\r$/im.test(answer)) replace(socket);
        else goOnWith(socket);
      });
      socket.write(requests[index % requests.length] ?? '');
    }

    function goOnWith(socket: Socket): void {
      const index = waiting.shift();
      if (index === undefined) free.push(socket);
      else send(socket, index);
    }

    /** nginx serves so many requests over one connection and no more (keepalive_requests). */
    function replace(socket: Socket): void {
      all.delete(socket);
      socket.off('end', closed).destroy();
      open(port).then((fresh) => {
        watch(fresh);
        goOnWith(fresh);
      }, finish);
    }

    const closed = () => finish(new Error('a connection was closed'));
    function watch(socket: Socket): void {
      all.add(socket);
      socket.on('error', finish).on('end', closed);
    }

    /** Turns without a pause: the timers of Node are too coarse, by a factor of ten. */
    function turn(): void {
      const now = performance.now();
      for (; next < count && dueAt(next) <= now; next++) {
        const socket = free.pop();
        if (socket === undefined) waiting.push(next);
        else send(socket, next);
      }
      if (next < count) setImmediate(turn);
    }

    for (const socket of all) watch(socket);
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
