import type { ShownExplanation } from '../../admission/routes.ts';
import { renderTable } from '../toolkit/output.ts';

const marks = { passed: '✓', denied: '✗', skipped: '–' } as const;

/** Renders an explanation as text. */
export function renderExplanation(explanation: ShownExplanation): string {
  const { facts, gate, steps, identity, reason, detail, headers } = explanation;
  const lines = ['Facts'];
  lines.push(
    ...indent(
      renderTable(
        ['FACT', 'VALUE', 'FROM'],
        facts.map(({ fact, value, headers: from }) => [fact, value ?? 'none', from.join(', ')]),
      ),
    ),
  );
  lines.push('', gate === null ? 'Gate: none' : `Gate: ${gate.name} (${gate.because})`);
  if (steps.length > 0) lines.push('', 'Steps');
  for (const { step, outcome, notes } of steps) {
    const details = notes.length === 0 ? '' : ` (${notes.join('; ')})`;
    lines.push(`  ${marks[outcome]} ${step}${details}`);
  }
  const denied = `denied: ${reason}${detail === null ? '' : ` (${detail})`}`;
  lines.push('', `Verdict: ${reason === null ? 'allowed' : denied}, status ${explanation.status}`);
  if (explanation.meaning !== null) lines.push(`  ${explanation.meaning}`);
  if (identity !== null) {
    const token = identity.token_id === null ? '' : `, ${identity.token_id}`;
    lines.push(`Who: ${identity.subject || 'nobody'} (${identity.kind}${token})`);
  }
  lines.push('', 'Headers of the answer');
  lines.push(
    ...headers.filter(([, value]) => value !== '').map(([name, value]) => `  ${name}: ${value}`),
  );
  return lines.join('\n');
}

function indent(text: string): string[] {
  return text.split('\n').map((line) => `  ${line}`);
}
