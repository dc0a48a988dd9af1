import { write, writeSync } from 'node:fs';

/** Destination of log lines. */
export interface LogOutput {
  write(line: string): void;
  /** Passes on buffered lines. What the system has not taken by then is written at exit. */
  flush(done: () => void): void;
}

/** Milliseconds that lines are buffered. */
const flushIntervalMs = 100;

/** Bytes buffered while they cannot be written: a full disk, or a pipe that nobody reads. */
const maxPendingBytes = 4_194_304;

/** Milliseconds that process exit waits for a full pipe. */
const exitTimeoutMs = 500;

/**
 * Buffered, asynchronous writer on a file descriptor. Under load a write costs more than a
 * decision, so lines are batched, up to `maxBatchChars` characters. Failed writes are retried.
 * Beyond a limit lines are dropped and counted, and a later line reports how many. Decisions never
 * wait for the log; process exit waits for a bounded time.
 */
export function openLogOutput(fd: number, maxBatchChars: number): LogOutput {
  const queue: Buffer[] = [];
  let pendingBytes = 0;
  let batch = '';
  let lostLines = 0;
  let isWriting = false;
  let isClosed = false;

  function enqueue(text: string): void {
    const bytes = Buffer.from(text);
    pendingBytes += bytes.length;
    queue.push(bytes);
  }

  function enqueueBatch(): void {
    if (batch === '' || isClosed) return;
    if (pendingBytes + batch.length > maxPendingBytes) lostLines += batch.split('\n').length - 1;
    else enqueue(batch);
    batch = '';
  }

  function dequeueBytes(count: number): void {
    const [first] = queue;
    pendingBytes -= count;
    if (first === undefined) return;
    if (count >= first.length) queue.shift();
    else queue[0] = first.subarray(count);
    if (queue.length > 0 || lostLines === 0) return;
    const time = new Date().toISOString();
    const notice = {
      level: 'warn',
      time,
      event: 'log',
      lost: lostLines,
      msg: 'lines of this log were dropped',
    };
    lostLines = 0;
    enqueue(`${JSON.stringify(notice)}\n`);
  }

  function writeNext(): void {
    const [first] = queue;
    if (isWriting || first === undefined) return;
    isWriting = true;
    write(fd, first, (error, count) => {
      isWriting = false;
      if (error === null) {
        dequeueBytes(count);
        writeNext();
      } else if (error.code === 'EPIPE') {
        // The reader is gone for good.
        isClosed = true;
        queue.length = 0;
      }
    });
  }

  function drainAtExit(): void {
    enqueueBatch();
    // The system completes the write in flight.
    if (isWriting) queue.shift();
    const deadline = performance.now() + exitTimeoutMs;
    while (queue[0] !== undefined && performance.now() < deadline) {
      try {
        dequeueBytes(writeSync(fd, queue[0]));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      }
    }
  }

  const flushBatch = () => {
    enqueueBatch();
    writeNext();
  };
  setInterval(flushBatch, flushIntervalMs).unref();
  process.on('exit', drainAtExit);
  return {
    write(line) {
      if (batch.length + line.length > maxBatchChars) flushBatch();
      batch += line;
    },
    flush(done) {
      flushBatch();
      done();
    },
  };
}
