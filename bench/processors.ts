import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { listFamily } from './process-usage.ts';

/** Processor numbers, as `taskset -c` takes them: `0,2`. */
export type Processors = string;

/** The processors available to this process, in order. */
function listProcessors(): number[] {
  const status = readFileSync('/proc/self/status', 'utf8');
  const ranges = /^Cpus_allowed_list:\s+(\S+)$/m.exec(status)?.[1] ?? '0';
  return ranges.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/** Two processors, so that results on "two processors" mean the same on every machine. */
export function takeTwoProcessors(): readonly [Processors, Processors] {
  const [first, second] = listProcessors();
  if (first === undefined || second === undefined) {
    throw new Error('this part needs two processors, and may use only one');
  }
  return [String(first), String(second)];
}

/** Pins a process, its children and all their threads to processors. */
export function pin(pid: number, processors: Processors): void {
  for (const one of listFamily(pid)) {
    const { error, status, stderr } = spawnSync(
      'taskset',
      ['--all-tasks', '--cpu-list', '--pid', processors, String(one)],
      { encoding: 'utf8' },
    );
    if (error !== undefined) throw error;
    if (status !== 0) throw new Error(`taskset could not move process ${one}: ${stderr.trim()}`);
  }
}

/** The command that runs a program on these processors, or on all. */
export function runOn(
  processors: Processors | undefined,
  program: string,
  parameters: readonly string[],
): [program: string, parameters: string[]] {
  if (processors === undefined) return [program, [...parameters]];
  return ['taskset', ['--cpu-list', processors, program, ...parameters]];
}
