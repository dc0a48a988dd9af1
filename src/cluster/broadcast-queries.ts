/** Questions that were put to several, and what they have said so far. */
export interface BroadcastQueries<Peer> {
  /**
   * Begins one and returns its number. `done` gets the answers once all have said something or are
   * gone, or when there is no more time.
   */
  begin(asked: readonly Peer[], done: (answers: readonly unknown[]) => void): number;
  answered(peer: Peer, number: number, answer: unknown): void;
  /** This one will not answer any more. */
  left(peer: Peer): void;
}

/** Milliseconds to wait for an answer. */
const patienceMs = 1_000;

/** Keeps count of who has still to answer what. */
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
        clearTimeout(patience);
        if (queries.delete(number)) done(answers);
      };
      const patience = setTimeout(finish, patienceMs);
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
