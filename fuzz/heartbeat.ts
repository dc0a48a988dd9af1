/**
 * What a thread is busy with, in memory that another one sees: when a parser hangs, its thread can
 * tell nobody any more.
 */
export interface Heartbeat {
  /** The thread begins with an input. */
  begin(input: string): void;
  /** How many it has begun with. */
  count(): number;
  /** The input it is at. */
  current(): string;
}

const longest = 262_144;
const headWords = 2;

/** Memory for a heartbeat, to be handed to a thread. */
export function heartbeatMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(headWords * 4 + longest * 2);
}

/** The heartbeat in such memory. */
export function openHeartbeat(memory: SharedArrayBuffer): Heartbeat {
  const head = new Int32Array(memory, 0, headWords);
  const text = new Uint16Array(memory, headWords * 4);
  return {
    begin(input) {
      const length = Math.min(input.length, longest);
      for (let i = 0; i < length; i++) text[i] = input.charCodeAt(i);
      head[1] = length;
      Atomics.add(head, 0, 1);
    },
    count: () => Atomics.load(head, 0),
    current() {
      const parts: string[] = [];
      const length = head[1] ?? 0;
      for (let at = 0; at < length; at += 4_096) {
        parts.push(String.fromCharCode(...text.subarray(at, Math.min(length, at + 4_096))));
      }
      return parts.join('');
    },
  };
}
