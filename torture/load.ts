import type { Random } from '../testkit/random.ts';
import type { Ledger, LedgerTicket, LedgerToken } from './ledger.ts';
import type { Victim } from './service.ts';

/** Requests under way at once. */
const lanes = 16;

/** A mixed load that goes on until it is stopped. */
export interface Load {
  /** Begins nothing new; resolves when all that was under way has its answer, or never will. */
  stop(): Promise<void>;
}

/** Issues, revokes, redeems and looks, and notes in the ledger what was answered. */
export function startLoad(victim: Victim, ledger: Ledger, random: Random): Load {
  let goesOn = true;
  const lane = async () => {
    while (goesOn) await oneStep(victim, ledger, random);
  };
  const working = Promise.all(Array.from({ length: lanes }, lane));
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
      // Often by two at once: at most one of them may pass.
      const attempts = random.next() < 0.5 ? 1 : 2;
      await Promise.all(Array.from({ length: attempts }, () => redeem(ticket)));
    } else await look(pick(ledger.tokens, () => true));
  } catch {
    // Killed meanwhile: nobody knows what became of it.
    ledger.counts.unanswered++;
    // Its socket may be gone for a moment; there is no use in asking it a thousand times.
    await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** One of the latest, since those are the ones at risk. */
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
    // Answers to several attempts may come in another order than they were decided in.
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
    // What was so before it was asked: a revocation may be answered meanwhile.
    const before = token.revoked;
    const said = await victim.knock(token.secret);
    if (said === '200' && before !== 'yes') return;
    ledger.judgeToken(token, said, false);
  }
}
