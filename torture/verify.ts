import type { Ledger, LedgerTicket, LedgerToken } from './ledger.ts';
import type { Victim } from './service.ts';

/** Questions under way at once. */
const lanes = 16;

/**
 * Asks a service about tokens and tickets and compares with the ledger. Nothing else is under way, and
 * whatever was is over.
 */
export async function verify(
  victim: Victim,
  ledger: Ledger,
  those: { readonly tokens: readonly LedgerToken[]; readonly tickets: readonly LedgerTicket[] },
): Promise<void> {
  const tasks = [
    ...those.tokens.map((token) => async () => {
      ledger.judgeToken(token, await victim.knock(token.secret), true);
    }),
    ...those.tickets.map((ticket) => async () => {
      const { passed, refused, unanswered } = ticket;
      const isUntouched = passed + refused + unanswered === 0;
      // An attempt would use it up, and it is to be at risk again.
      if (isUntouched) await lookAt(ticket);
      else ledger.judgeTicket(ticket, await victim.knock(ticket.secret), refused > 0);
    }),
  ];
  const lane = async () => {
    for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) await task();
  };
  await Promise.all(Array.from({ length: lanes }, lane));

  async function lookAt({ id }: LedgerTicket): Promise<void> {
    ledger.counts.checks++;
    const { status, body } = await victim.send('GET', `/v1/tokens/${id}`);
    const { state } = body as { state?: string };
    if (status === 404) ledger.violations.push(`ticket ${id} was issued, and nobody knows it`);
    else if (state !== 'active') {
      ledger.violations.push(
        `ticket ${id} is ${state ?? `not to be had (${status})`}, and nobody used it`,
      );
    }
  }
}
