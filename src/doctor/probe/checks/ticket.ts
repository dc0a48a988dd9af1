import { explainBehindGate } from '../behind-gate.ts';
import { compareWithDenial } from '../credential-outcome.ts';
import { finding } from '../finding.ts';
import { type Check, isOpen, isOpenToAll, renderStatus } from '../probe.ts';
import { withParameter } from '../target.ts';

/** A ticket, twice: it has to open the first socket and not the second. */
export const ticket: Check = {
  about: 'a ticket, twice',
  async run(probe) {
    const { ticket, target, queryName, origin } = probe;
    if (ticket === undefined || isOpenToAll(probe)) return [];
    const path = withParameter(target.path, queryName, ticket);
    const request = { path, headers: { Origin: origin } };
    const first = await probe.upgrade('ticket', request);
    const outcome = compareWithDenial(probe, first);
    if (outcome === 'untested') return [finding('credential-not-tested', renderStatus(first))];
    if (outcome === 'denied') return [finding('ticket-refused', renderStatus(first))];
    if (outcome !== 'open') {
      const admits = outcome === 'admitted' ? [finding('gate-admits', renderStatus(first))] : [];
      return [...admits, ...(await explainBehindGate(probe, [first]))];
    }
    const second = await probe.upgrade('ticket again', request);
    const evidence = `first HTTP 101, then ${renderStatus(second)}`;
    return [finding(isOpen(second) ? 'ticket-reusable' : 'ticket-single-use', evidence)];
  },
};
