/** What a worker thread is to do. */
export interface Task {
  readonly target: string;
  readonly seed: number;
  readonly inputs: number;
  /** Milliseconds after which it ends, however many inputs there were. */
  readonly ms: number;
  /** Address of the module with the registry of targets. */
  readonly registry: string;
  /** Directory of the corpus. */
  readonly corpus: string;
  readonly memory: SharedArrayBuffer;
}

/** What came of it. */
export interface Report {
  readonly target: string;
  readonly inputs: number;
  readonly ms: number;
  readonly outcomes: readonly (readonly [outcome: string, times: number])[];
  readonly interesting: readonly string[];
  readonly failure: { readonly input: string; readonly words: string } | undefined;
}
