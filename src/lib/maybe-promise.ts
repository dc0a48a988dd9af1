/**
 * A value that may be available synchronously. Most decisions are, and awaiting them would take as long as
 * deciding.
 */
export type MaybePromise<T> = T | Promise<T>;

/** Maps a value, synchronously where it is available. */
export function mapMaybePromise<T, U>(
  value: MaybePromise<T>,
  next: (value: T) => MaybePromise<U>,
): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Runs work that may throw or reject, and maps the error with `recover`. */
export function tryMaybePromise<T>(
  work: () => MaybePromise<T>,
  recover: (error: unknown) => T,
): MaybePromise<T> {
  try {
    const value = work();
    return value instanceof Promise ? value.catch(recover) : value;
  } catch (error) {
    return recover(error);
  }
}
