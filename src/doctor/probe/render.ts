import type { Explanation } from './explain-error.ts';
import type { Finding } from './finding.ts';
import type { Severity } from './finding-rule.ts';
import type { Report } from './run-probe.ts';
import type { Speaker } from './speaker.ts';

/** Colours a piece of text, or leaves it. */
export type Paint = (text: string, colour: 'green' | 'yellow' | 'red' | 'bold' | 'dim') => string;

const codes = { green: 32, yellow: 33, red: 31, bold: 1, dim: 2 } as const;
const colours = { ok: 'green', warning: 'yellow', fault: 'red' } as const;

const speakers: Readonly<Record<Speaker, string>> = {
  nginx: 'nginx itself',
  gate: 'the gate',
  application: 'the application behind the gate',
};

/** Colours for a terminal, or none. */
export function paintFor(coloured: boolean): Paint {
  return coloured ? (text, colour) => `\u001b[${codes[colour]}m${text}\u001b[0m` : (text) => text;
}

/** The report for people: what is well in a line each, what is not with meaning and change. */
export function renderReport({ target, findings, requests }: Report, paint: Paint): string {
  const count = (severity: Severity) =>
    findings.filter((finding) => finding.severity === severity).length;
  const plural = (n: number, word: string) => `${n} ${word}${n === 1 ? '' : 's'}`;
  const sum = [plural(count('fault'), 'fault'), plural(count('warning'), 'warning')].join(', ');
  return [
    paint(target, 'bold'),
    '',
    ...findings.map((finding) => renderFinding(finding, paint)),
    '',
    `${sum}, ${count('ok')} ok (${plural(requests, 'request')}).`,
  ].join('\n');
}

function renderFinding(finding: Finding, paint: Paint): string {
  const { severity, code, title, evidence, speaker, meaning, change } = finding;
  const mark = paint(severity.padEnd(8), colours[severity]);
  const lines = [`${mark} ${paint(title, 'bold')}  ${paint(code, 'dim')}`, row('seen', evidence)];
  if (speaker !== undefined) lines.push(row('from', speakers[speaker]));
  if (severity !== 'ok' || code === 'gate-reason') lines.push(row('means', meaning));
  if (change !== undefined) lines.push(row('change', change));
  return lines.join('\n');
}

/** What a client's message means, for people. */
export function renderExplanation(explained: Explanation, paint: Paint): string {
  const { certainty, code, title, note, meaning, change } = explained;
  if (certainty === 'unknown') {
    return 'This message is unknown. "postern doctor probe wss://host/path" shows what the server answers.';
  }
  const head = renderSource(explained, paint);
  return [
    head,
    ...(title === undefined ? [] : [row('what', `${title}  ${paint(code ?? '', 'dim')}`)]),
    ...(note === undefined ? [] : [row('note', note)]),
    ...(meaning === undefined ? [] : [row('means', meaning)]),
    ...(change === undefined ? [] : [row('change', change)]),
  ].join('\n');
}

/** Whose words they are, and how sure that is. */
function renderSource({ certainty, by, like, status }: Explanation, paint: Paint): string {
  if (certainty === 'certain') {
    return by === undefined ? `The status in the text says it: ${status}.` : `${by} says this.`;
  }
  const doubt = paint('Not sure.', 'yellow');
  return by === undefined ? doubt : `${doubt} The nearest known message is that of ${by}: ${like}`;
}

/** Width of a line, where words allow. */
const width = 100;
const indent = 9;

function row(name: string, text: string): string {
  const pad = ' '.repeat(indent);
  const lines = text.split('\n').flatMap(wrap);
  return lines
    .map((line, n) => (n === 0 ? `${pad}${name.padEnd(7)}` : `${pad}       `) + line)
    .join('\n');
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  let line = '';
  // An address stays with the command before it, so that both can be copied together.
  for (const word of text.split(/ (?!wss?:\/\/)/)) {
    if (line !== '' && line.length + 1 + word.length > width - indent - 7) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
