import type { Random } from '../testkit/random.ts';

/**
 * What a service acknowledged, and what it may have done without an answer. Whatever it says
 * afterwards has to agree with this.
 */

/** A token: `perhaps` when its revocation was sent and not answered. */
export interface LedgerToken {
  readonly id: string;
  readonly secret: string;
  revoked: 'no' | 'perhaps' | 'yes';
}

/** A ticket, and what came of the attempts to use it. */
export interface LedgerTicket {
  readonly id: string;
  readonly secret: string;
  /** Attempts that have no answer yet. */
  open: number;
  /** Attempts that were never answered: at most one of them used it up. */
  unanswered: number;
  passed: number;
  refused: number;
}

/** The book. */
export interface Ledger {
  readonly tokens: LedgerToken[];
  readonly tickets: LedgerTicket[];
  /** What must not have happened, in sentences. */
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
  /** Compares what the gate says to a token with what is known of it. `calm`: nothing is under way. */
  judgeToken(token: LedgerToken, said: string, calm: boolean): void;
  /** The same for an attempt to use a ticket. `wasUsed`: before it, somebody was told that it is used. */
  judgeTicket(ticket: LedgerTicket, said: string, wasUsed: boolean): void;
  /** Finds tickets that are used up although nobody can have passed with them. */
  settle(): void;
  /** What changed since the last time this was asked, and a few of the others. */
  takeRecent(random: Random, others: number): { tokens: LedgerToken[]; tickets: LedgerTicket[] };
  /** Notes that something is about to change. */
  touch(one: LedgerToken | LedgerTicket): void;
}

/** An empty one. */
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
      // Whoever could still have revoked it is gone.
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
