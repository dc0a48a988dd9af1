/** Broadcast queries (scatter-gather): one question to several processes, and their answers so far. */
export interface BroadcastQueries<Peer> {
  /**
   * Starts a query and returns its number. `done` gets the answers when all have answered or left, or
   * after a timeout.
   */
  begin(asked: readonly Peer[], done: (answers: readonly unknown[]) => void): number;
  answered(peer: Peer, number: number, answer: unknown): void;
  /** A process has ended and will not answer. */
  left(peer: Peer): void;
}

/** Milliseconds to wait for answers. */
const timeoutMs = 1_000;

export function createBroadcastQueries<Peer>(): BroadcastQueries<Peer> {
  interface Query {
    readonly open: Set<Peer>;
    readonly answers: unknown[];
    readonly finish: () => void;
  }
  const queries = new Map<number, Query>();
  let last = 0;

  function close(query: Query, peer: Peer): void {
    query.open.delete(peer);
    if (query.open.size === 0) query.finish();
  }

  return {
    begin(asked, done) {
      const number = ++last;
      const answers: unknown[] = [];
      const finish = () => {
        clearTimeout(timeout);
        if (queries.delete(number)) done(answers);
      };
      const timeout = setTimeout(finish, timeoutMs);
      queries.set(number, { open: new Set(asked), answers, finish });
      if (asked.length === 0) finish();
      return number;
    },
    answered(peer, number, answer) {
      const query = queries.get(number);
      if (query === undefined) return;
      query.answers.push(answer);
      close(query, peer);
    },
    left(peer) {
      for (const query of [...queries.values()]) close(query, peer);
    },
  };
}
