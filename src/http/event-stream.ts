import type { FastifyReply } from 'fastify';

/** An answer that goes on: server-sent events (HTML standard, section 9.2). */
export interface EventStream {
  /** Comes when the reader is gone, or was cut off, or the stream was ended. */
  readonly closed: AbortSignal;
  /** Sends events. Resolves when the reader has room for more; a reader that takes too long is cut off. */
  send(events: readonly ServerEvent[]): Promise<void>;
  /** Shows everybody on the way that the connection lives. */
  heartbeat(): Promise<void>;
  end(): void;
}

/** One event. Its data is a single line. */
export interface ServerEvent {
  readonly id: number;
  readonly data: string;
}

/** Milliseconds after which a reader comes back that has lost the connection. */
const retryMs = 2_000;

/** Takes a reply over and begins the stream. `slowMs` is how long a reader may take for what was sent. */
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
    // nginx would gather what should go out at once.
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
