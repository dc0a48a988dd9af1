import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Ticks of /proc in a second: USER_HZ, which is 100 on every Linux in use. */
const ticksPerSecond = 100;

/** Seconds of processor time that processes used up so far, in user and system mode together. */
export function readCpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const { utime, stime } = readTimes(pid);
    return sum + (utime + stime) / ticksPerSecond;
  }, 0);
}

/** The same of this process and of all its children that have ended: wrk is one of them. */
export function readOwnCpuSeconds(): number {
  const { utime, stime, cutime, cstime } = readTimes('self');
  return (utime + stime + cutime + cstime) / ticksPerSecond;
}

/**
 * Starts to watch this machine. The function that it returns tells which share of its processor time,
 * from 0 to 1, has since gone to programs outside the bench, or to others on the host of a virtual
 * machine. `readBenchSeconds` tells what the bench has used up so far.
 */
export function watchOtherPrograms(readBenchSeconds: () => number): () => number {
  const startedAt = performance.now();
  const readOthers = () => readMachineCpuSeconds() - readBenchSeconds();
  const before = readOthers();
  return () => {
    const available = ((performance.now() - startedAt) / 1e3) * cpus().length;
    // Rounding to ticks can make it a trifle less than nothing.
    return Math.max(0, readOthers() - before) / available;
  };
}

/** Seconds in which the cores of this machine were not idle, stolen ones included. */
function readMachineCpuSeconds(): number {
  const [total] = readFileSync('/proc/stat', 'utf8').split('\n');
  const [user, nice, system, , , irq, softirq, steal] = (total ?? '')
    .split(/\s+/)
    .slice(1)
    .map(Number);
  const ticks = [user, nice, system, irq, softirq, steal];
  return ticks.reduce<number>((sum, value) => sum + (value ?? 0), 0) / ticksPerSecond;
}

/** A process and its children: an nginx master and its workers. */
export function listFamily(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return [pid, ...children.split(' ').filter(Boolean).map(Number)];
}

/** What /proc calls each kind of resident memory. */
const memoryNames = { now: 'VmRSS', peak: 'VmHWM', anonymous: 'RssAnon' } as const;

/**
 * Resident memory of a process in MB (10^6 bytes): what it has now, the most it ever had, or what of
 * it now belongs to no file.
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
  // The name in parentheses may hold anything; utime is the 14th field of the whole line.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [utime, stime, cutime, cstime] = fields.slice(11, 15).map(Number);
  if (utime === undefined || stime === undefined || cutime === undefined || cstime === undefined) {
    throw new Error(`/proc/${pid}/stat reads "${stat}"`);
  }
  return { utime, stime, cutime, cstime };
}
