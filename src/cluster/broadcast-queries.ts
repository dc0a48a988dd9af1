/** Questions that were put to several, and what they have said so far. */
export interface Surveys<Peer> {
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
export function createSurveys<Peer>(): Surveys<Peer> {
  interface Survey {
    readonly open: Set<Peer>;
    readonly answers: unknown[];
    readonly finish: () => void;
  }
  const surveys = new Map<number, Survey>();
  let last = 0;

  function close(survey: Survey, peer: Peer): void {
    survey.open.delete(peer);
    if (survey.open.size === 0) survey.finish();
  }

  return {
    begin(asked, done) {
      const number = ++last;
      const answers: unknown[] = [];
      const finish = () => {
        clearTimeout(patience);
        if (surveys.delete(number)) done(answers);
      };
      const patience = setTimeout(finish, patienceMs);
      surveys.set(number, { open: new Set(asked), answers, finish });
      if (asked.length === 0) finish();
      return number;
    },
    answered(peer, number, answer) {
      const survey = surveys.get(number);
      if (survey === undefined) return;
      survey.answers.push(answer);
      close(survey, peer);
    },
    left(peer) {
      for (const survey of [...surveys.values()]) close(survey, peer);
    },
  };
}
