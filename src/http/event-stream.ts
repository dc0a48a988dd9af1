import type { FastifyReply } from 'fastify';

/** A stream of server-sent events (HTML standard, section 9.2). */
export interface EventStream {
  /** Aborts when the client disconnects, is cut off, or the stream ends. */
  readonly closed: AbortSignal;
  /**
   * Sends events and waits for backpressure to clear. A client that does not read within the write
   * timeout is disconnected.
   */
  send(events: readonly ServerEvent[]): Promise<void>;
  /** Sends a comment, so that proxies keep the connection open. */
  heartbeat(): Promise<void>;
  end(): void;
}

/** An event. Its data is a single line. */
export interface ServerEvent {
  readonly id: number;
  readonly data: string;
}

/** Reconnection delay for clients, in milliseconds. */
const retryMs = 2_000;

/**
 * Takes over a reply and starts the stream. `writeTimeoutMs` is how long a client may take to read
 * what was sent.
 */
export function openEventStream(reply: FastifyReply, writeTimeoutMs: number): EventStream {
  reply.hijack();
  const { raw } = reply;
  const controller = new AbortController();
  const close = () => controller.abort();
  raw.on('close', close);
  raw.on('error', close);
  raw.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    // Turns off response buffering in nginx.
    'X-Accel-Buffering': 'no',
    Connection: 'close',
  });
  raw.write(`retry: ${retryMs}\n\n`);

  function writeAndDrain(text: string): Promise<void> {
    if (controller.signal.aborted || raw.write(text)) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        raw.off('drain', done);
        controller.signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(() => {
        raw.destroy();
        close();
      }, writeTimeoutMs).unref();
      raw.on('drain', done);
      controller.signal.addEventListener('abort', done);
    });
  }

  return {
    closed: controller.signal,
    send: (events) =>
      writeAndDrain(events.map(({ id, data }) => `id: ${id}\ndata: ${data}\n\n`).join('')),
    heartbeat: () => writeAndDrain(': still here\n\n'),
    end() {
      raw.end();
      close();
    },
  };
}
