import { denials } from '../../../core/model/denials.ts';
import { headerOf } from '../answer.ts';
import { finding } from '../finding.ts';
import type { Check } from '../probe.ts';

/** Why Postern denied the handshakes so far, where nginx lets its reason through. */
export const gateReason: Check = {
  about: 'reasons',
  async run({ gateReason, attempts }) {
    if (!gateReason) return [];
    const reasons = attempts.flatMap(({ about, outcome }) => {
      const code = outcome.kind === 'answer' && headerOf(outcome.answer, 'x-postern-reason');
      return typeof code === 'string' && isDenialCode(code) ? [{ about, code }] : [];
    });
    if (reasons.length === 0) {
      return [finding('gate-reason-absent', 'no X-Postern-Reason in any answer')];
    }
    const codes = [...new Set(reasons.map(({ code }) => code))];
    return codes.map((code) => {
      const handshakes = reasons.filter((reason) => reason.code === code);
      const evidence = `${code}: handshake with ${handshakes.map(({ about }) => about).join(', ')}`;
      return finding('gate-reason', evidence, { meaning: denials[code].meaning });
    });
  },
};

function isDenialCode(text: string): text is keyof typeof denials {
  return Object.hasOwn(denials, text);
}
