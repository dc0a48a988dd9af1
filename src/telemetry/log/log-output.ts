import { write, writeSync } from 'node:fs';

/** Where lines of the log go. */
export interface LogOutput {
  write(line: string): void;
  /** Hands over what was gathered. What waits for the system is written when the process ends. */
  flush(done: () => void): void;
}

/** Milliseconds that a line waits for others to be written with. */
const togetherMs = 100;
/** Bytes that wait at most while nobody takes them: a disk that is full, a pipe that is not read. */
const mostWaiting = 4_194_304;
/** Milliseconds that the end of the process waits for a pipe that is full. */
const patienceMs = 500;

/**
 * Writes to a file descriptor. Under load a line costs more to write than a decision to make, so lines
 * are gathered for a moment, up to `most` characters. What cannot be written waits and is tried again;
 * beyond a limit it is lost, which the log says later. Nobody who waits for a decision has a part in it,
 * and neither has the end of the process.
 */
export function openLogOutput(fd: number, most: number): LogOutput {
  const queue: Buffer[] = [];
  let waiting = 0;
  let gathered = '';
  let lost = 0;
  let isWriting = false;
  let isClosed = false;

  function add(text: string): void {
    const bytes = Buffer.from(text);
    waiting += bytes.length;
    queue.push(bytes);
  }

  function pass(): void {
    if (gathered === '' || isClosed) return;
    if (waiting + gathered.length > mostWaiting) lost += gathered.split('\n').length - 1;
    else add(gathered);
    gathered = '';
  }

  function taken(count: number): void {
    const [first] = queue;
    waiting -= count;
    if (first === undefined) return;
    if (count >= first.length) queue.shift();
    else queue[0] = first.subarray(count);
    if (queue.length > 0 || lost === 0) return;
    const time = new Date().toISOString();
    const told = { level: 'warn', time, event: 'log', lost, msg: 'lines of this log were dropped' };
    lost = 0;
    add(`${JSON.stringify(told)}\n`);
  }

  function pump(): void {
    const [first] = queue;
    if (isWriting || first === undefined) return;
    isWriting = true;
    write(fd, first, (error, count) => {
      isWriting = false;
      if (error === null) {
        taken(count);
        pump();
      } else if (error.code === 'EPIPE') {
        // Nobody will ever read it again.
        isClosed = true;
        queue.length = 0;
      }
    });
  }

  function finish(): void {
    pass();
    // What is under way is written by the system.
    if (isWriting) queue.shift();
    const deadline = performance.now() + patienceMs;
    while (queue[0] !== undefined && performance.now() < deadline) {
      try {
        taken(writeSync(fd, queue[0]));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      }
    }
  }

  const next = () => {
    pass();
    pump();
  };
  setInterval(next, togetherMs).unref();
  process.on('exit', finish);
  return {
    write(line) {
      if (gathered.length + line.length > most) next();
      gathered += line;
    },
    flush(done) {
      next();
      done();
    },
  };
}
