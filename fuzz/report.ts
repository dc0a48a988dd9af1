import { renderTable } from '../src/cli/toolkit/output.ts';
import type { Outcome } from './fuzz.ts';

/** One line a target, and the sum. */
export function renderOutcomes(outcomes: readonly Outcome[], ms: number): string {
  const sum = outcomes.reduce((total, { inputs }) => total + inputs, 0);
  const rows = outcomes.map(({ target, inputs, ms, outcomes, interesting, failure }) => [
    target,
    inputs.toLocaleString('en'),
    rate(inputs, ms),
    String(outcomes.length),
    String(interesting.length),
    failure === undefined ? 'held' : 'BROKEN',
  ]);
  return renderTable(
    ['target', 'inputs', 'inputs/s', 'outcomes', 'new', ''],
    [...rows, ['together', sum.toLocaleString('en'), rate(sum, ms), '', '', '']],
  );
}

/** What broke a target, and how to see it again. */
export function renderFailure({ target, failure, kept }: Outcome): string {
  if (failure === undefined) return '';
  const shown = JSON.stringify(failure.input);
  return [
    `${target} is broken:`,
    `  ${failure.words.split('\n').slice(0, 8).join('\n  ')}`,
    `The input, as small as it became: ${shown.length > 400 ? `${shown.slice(0, 400)}… (${shown.length} characters)` : shown}`,
    `It is kept in ${kept}; try it again with:`,
    `  npm run fuzz -- --target ${target} --replay ${kept}`,
  ].join('\n');
}

function rate(inputs: number, ms: number): string {
  return Math.round((inputs / Math.max(ms, 1)) * 1_000).toLocaleString('en');
}
