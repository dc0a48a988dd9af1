/**
 * What may be known at once. Nearly all of a decision is, and waiting for it all the same would cost
 * as much as deciding.
 */
export type MaybePromise<T> = T | Promise<T>;

/** Goes on with a value as soon as it is known, which may be at once. */
export function mapMaybePromise<T, U>(
  value: MaybePromise<T>,
  next: (value: T) => MaybePromise<U>,
): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Does what may throw or reject, and goes on with what `recover` makes of that. */
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
