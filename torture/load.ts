import type { Random } from '../testkit/random.ts';
import type { Ledger, LedgerTicket, LedgerToken } from './ledger.ts';
import type { Victim } from './service.ts';

/** Concurrent requests. */
const concurrency = 16;

/** A mixed load that runs until it is stopped. */
export interface Load {
  /** Stops; resolves when all requests are answered or have failed. */
  stop(): Promise<void>;
}

/** Issues, revokes, redeems and checks, and records the answers in the ledger. */
export function startLoad(victim: Victim, ledger: Ledger, random: Random): Load {
  let goesOn = true;
  const lane = async () => {
    while (goesOn) await oneStep(victim, ledger, random);
  };
  const working = Promise.all(Array.from({ length: concurrency }, lane));
  return {
    async stop() {
      goesOn = false;
      await working;
    },
  };
}

async function oneStep(victim: Victim, ledger: Ledger, random: Random): Promise<void> {
  const choice = random.next();
  try {
    if (choice < 0.3) await issue('tokens');
    else if (choice < 0.55) await issue('tickets');
    else if (choice < 0.7) await revoke(pick(ledger.tokens, ({ revoked }) => revoked === 'no'));
    else if (choice < 0.9) {
      const ticket = pick(ledger.tickets, ({ passed, refused }) => passed + refused === 0);
      // Often two attempts at once: at most one may pass.
      const attempts = random.next() < 0.5 ? 1 : 2;
      await Promise.all(Array.from({ length: attempts }, () => redeem(ticket)));
    } else await look(pick(ledger.tokens, () => true));
  } catch {
    // The service was killed: the result is unknown.
    ledger.counts.unanswered++;
    // The socket may be missing for a moment: avoid a busy loop.
    await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** Picks a recent entry, since those are at risk. */
  function pick<T>(list: readonly T[], fits: (one: T) => boolean): T | undefined {
    const candidates = list.slice(-200).filter(fits);
    return candidates.length === 0 ? undefined : random.pick(candidates);
  }

  async function issue(kind: 'tokens' | 'tickets'): Promise<void> {
    const body = {
      subject: `s${random.between(0, 99)}`,
      ...(kind === 'tickets' && { expires_in: '1d' }),
    };
    const answer = await victim.send('POST', `/v1/${kind}`, body);
    if (answer.status !== 201) throw new Error(`issuing answered ${answer.status}`);
    const issued = answer.body as { id: string; token: string };
    if (kind === 'tokens') ledger.addToken(issued);
    else ledger.addTicket(issued);
  }

  async function revoke(token: LedgerToken | undefined): Promise<void> {
    if (token === undefined) return;
    token.revoked = 'perhaps';
    ledger.touch(token);
    const { status } = await victim.send('DELETE', `/v1/tokens/${token.id}`);
    if (status !== 200) throw new Error(`revoking answered ${status}`);
    token.revoked = 'yes';
    ledger.counts.revoked++;
  }

  async function redeem(ticket: LedgerTicket | undefined): Promise<void> {
    if (ticket === undefined) return;
    ledger.touch(ticket);
    ticket.open++;
    // Answers may arrive in another order than they were decided.
    const wasUsed = ticket.refused > 0;
    try {
      const said = await victim.knock(ticket.secret);
      ticket.open--;
      if (said.startsWith('503')) ticket.unanswered++;
      else ledger.judgeTicket(ticket, said, wasUsed);
    } catch (error) {
      ticket.open--;
      ticket.unanswered++;
      throw error;
    }
  }

  async function look(token: LedgerToken | undefined): Promise<void> {
    if (token === undefined) return;
    // The state before the request: a revocation may complete meanwhile.
    const before = token.revoked;
    const said = await victim.knock(token.secret);
    if (said === '200' && before !== 'yes') return;
    ledger.judgeToken(token, said, false);
  }
}
