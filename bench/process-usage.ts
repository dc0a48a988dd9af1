import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Clock ticks per second in /proc: USER_HZ, which is 100 on common Linux systems. */
const ticksPerSecond = 100;

/** Processor time of processes in seconds, user and system. */
export function readCpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const { utime, stime } = readTimes(pid);
    return sum + (utime + stime) / ticksPerSecond;
  }, 0);
}

/** The same for this process and its ended children, such as wrk. */
export function readOwnCpuSeconds(): number {
  const { utime, stime, cutime, cstime } = readTimes('self');
  return (utime + stime + cutime + cstime) / ticksPerSecond;
}

/**
 * Starts to measure this machine. The returned function gives the share of processor time, from 0
 * to 1, used since then by programs outside the bench, or stolen by other guests of a virtual
 * machine's host. `readBenchSeconds` returns the processor time of the bench.
 */
export function watchOtherPrograms(readBenchSeconds: () => number): () => number {
  const startedAt = performance.now();
  const readOthers = () => readMachineCpuSeconds() - readBenchSeconds();
  const before = readOthers();
  return () => {
    const available = ((performance.now() - startedAt) / 1e3) * cpus().length;
    // Rounding to ticks can give a slightly negative value.
    return Math.max(0, readOthers() - before) / available;
  };
}

/** Non-idle processor time of this machine in seconds, stolen time included. */
function readMachineCpuSeconds(): number {
  const [total] = readFileSync('/proc/stat', 'utf8').split('\n');
  const [user, nice, system, , , irq, softirq, steal] = (total ?? '')
    .split(/\s+/)
    .slice(1)
    .map(Number);
  const ticks = [user, nice, system, irq, softirq, steal];
  return ticks.reduce<number>((sum, value) => sum + (value ?? 0), 0) / ticksPerSecond;
}

/** A process and its children, such as an nginx master and its workers. */
export function listFamily(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return [pid, ...children.split(' ').filter(Boolean).map(Number)];
}

/** Names in /proc of the kinds of resident memory. */
const memoryNames = { now: 'VmRSS', peak: 'VmHWM', anonymous: 'RssAnon' } as const;

/**
 * Resident memory of a process in MB (10^6 bytes): current, peak, or the current part that belongs
 * to no file.
 */
export function readMemoryMb(pid: number, which: keyof typeof memoryNames): number {
  const name = memoryNames[which];
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  if (kib === undefined) throw new Error(`/proc/${pid}/status has no ${name}`);
  return (Number(kib) * 1_024) / 1e6;
}

function readTimes(pid: number | 'self') {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The process name in parentheses may contain anything; utime is field 14 of the whole line.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [utime, stime, cutime, cstime] = fields.slice(11, 15).map(Number);
  if (utime === undefined || stime === undefined || cutime === undefined || cstime === undefined) {
    throw new Error(`/proc/${pid}/stat reads "${stat}"`);
  }
  return { utime, stime, cutime, cstime };
}
