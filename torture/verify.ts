import type { Ledger, LedgerTicket, LedgerToken } from './ledger.ts';
import type { Victim } from './service.ts';

/** Concurrent requests. */
const concurrency = 16;

/** Checks tokens and tickets against the ledger, while no other request is in flight. */
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
      // Redeeming it would use it up; it stays at risk for the next kill.
      if (isUntouched) await lookAt(ticket);
      else ledger.judgeTicket(ticket, await victim.knock(ticket.secret), refused > 0);
    }),
  ];
  const lane = async () => {
    for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) await task();
  };
  await Promise.all(Array.from({ length: concurrency }, lane));

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
