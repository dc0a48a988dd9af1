import type { Random } from '../testkit/random.ts';

/**
 * A ledger of what a service acknowledged, and of what it may have done without an answer. All
 * later answers must be consistent with it.
 */

/** A token. `perhaps`: its revocation was sent and not answered. */
export interface LedgerToken {
  readonly id: string;
  readonly secret: string;
  revoked: 'no' | 'perhaps' | 'yes';
}

/** A ticket, with the attempts to redeem it. */
export interface LedgerTicket {
  readonly id: string;
  readonly secret: string;
  /** Attempts in flight. */
  open: number;
  /** Attempts without an answer: at most one of them redeemed the ticket. */
  unanswered: number;
  passed: number;
  refused: number;
}

/** The ledger. */
export interface Ledger {
  readonly tokens: LedgerToken[];
  readonly tickets: LedgerTicket[];
  /** Violations, as sentences. */
  readonly violations: string[];
  readonly counts: {
    issued: number;
    revoked: number;
    redeemed: number;
    unanswered: number;
    checks: number;
  };
  addToken(issued: { id: string; token: string }): void;
  addTicket(issued: { id: string; token: string }): void;
  /** Checks an answer of the gate about a token. `calm`: no request is in flight. */
  judgeToken(token: LedgerToken, said: string, calm: boolean): void;
  /**
   * Checks an answer to a redemption. `wasUsed`: an earlier answer said that the ticket was used.
   */
  judgeTicket(ticket: LedgerTicket, said: string, wasUsed: boolean): void;
  /** Finds tickets that are used although no attempt can have redeemed them. */
  settle(): void;
  /** Entries that changed since the last call, and a sample of the others. */
  takeRecent(random: Random, others: number): { tokens: LedgerToken[]; tickets: LedgerTicket[] };
  /** Marks an entry as about to change. */
  touch(one: LedgerToken | LedgerTicket): void;
}

/** Creates an empty ledger. */
export function createLedger(): Ledger {
  const tokens: LedgerToken[] = [];
  const tickets: LedgerTicket[] = [];
  const violations: string[] = [];
  const counts = { issued: 0, revoked: 0, redeemed: 0, unanswered: 0, checks: 0 };
  const recentTokens = new Set<LedgerToken>();
  const recentTickets = new Set<LedgerTicket>();

  function judgeToken(token: LedgerToken, said: string, calm: boolean): void {
    counts.checks++;
    const { id, revoked } = token;
    if (said === '401 revoked') {
      if (revoked === 'no') violations.push(`token ${id} is revoked, and nobody asked for it`);
      token.revoked = 'yes';
    } else if (said === '200') {
      if (revoked === 'yes') violations.push(`token ${id} was revoked, and passes`);
      // No request is left that could still revoke it: the revocation was lost.
      if (calm && revoked === 'perhaps') token.revoked = 'no';
    } else violations.push(`token ${id} was issued, and the gate says ${said}`);
  }

  function judgeTicket(ticket: LedgerTicket, said: string, wasUsed: boolean): void {
    counts.checks++;
    const { id } = ticket;
    if (said === '200') {
      ticket.passed++;
      counts.redeemed++;
      if (ticket.passed > 1) violations.push(`ticket ${id} passed ${ticket.passed} times`);
      if (wasUsed) violations.push(`ticket ${id} passed after it was used`);
    } else if (said === '401 already_used') {
      ticket.refused++;
      const isKnown = ticket.passed + ticket.unanswered + ticket.open > 0;
      if (!isKnown) violations.push(`ticket ${id} is used, and nobody used it`);
    } else violations.push(`ticket ${id} was issued, and the gate says ${said}`);
  }

  return {
    tokens,
    tickets,
    violations,
    counts,
    judgeToken,
    judgeTicket,
    settle() {
      for (const { id, passed, refused, unanswered } of tickets) {
        if (refused === 0 || passed + unanswered > 0) continue;
        violations.push(`ticket ${id} is used, and nobody passed with it`);
      }
    },
    addToken({ id, token }) {
      const added: LedgerToken = { id, secret: token, revoked: 'no' };
      tokens.push(added);
      recentTokens.add(added);
      counts.issued++;
    },
    addTicket({ id, token }) {
      const added = { id, secret: token, open: 0, unanswered: 0, passed: 0, refused: 0 };
      tickets.push(added);
      recentTickets.add(added);
      counts.issued++;
    },
    takeRecent(random, others) {
      const more = <T>(all: readonly T[]) =>
        Array.from({ length: all.length === 0 ? 0 : others }, () => random.pick(all));
      const taken = {
        tokens: [...new Set([...recentTokens, ...more(tokens)])],
        tickets: [...new Set([...recentTickets, ...more(tickets)])],
      };
      recentTokens.clear();
      recentTickets.clear();
      return taken;
    },
    touch(one) {
      if ('revoked' in one) recentTokens.add(one);
      else recentTickets.add(one);
    },
  };
}
