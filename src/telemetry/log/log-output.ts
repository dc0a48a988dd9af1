import { write, writeSync } from 'node:fs';

/** Where lines of the log go. */
export interface LogOutput {
  write(line: string): void;
  /** Hands over what was gathered. What waits for the system is written when the process ends. */
  flush(done: () => void): void;
}

/** Milliseconds that a line waits for others to be written with. */
const flushIntervalMs = 100;

/** Bytes that wait at most while nobody takes them: a disk that is full, a pipe that is not read. */
const maxPendingBytes = 4_194_304;

/** Milliseconds that the end of the process waits for a pipe that is full. */
const exitTimeoutMs = 500;

/**
 * Writes to a file descriptor. Under load a line costs more to write than a decision to make, so lines
 * are gathered for a moment, up to `most` characters. What cannot be written waits and is tried again;
 * beyond a limit it is lost, which the log says later. Nobody who waits for a decision has a part in it,
 * and neither has the end of the process.
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
      msg: 'lines of this log were lost',
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
        // Nobody will ever read it again.
        isClosed = true;
        queue.length = 0;
      }
    });
  }

  function drainAtExit(): void {
    enqueueBatch();
    // What is under way is written by the system.
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
