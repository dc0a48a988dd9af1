/**
 * What may be known at once. Nearly all of a decision is, and waiting for it all the same would cost
 * as much as deciding.
 */
export type Awaitable<T> = T | Promise<T>;

/** Goes on with a value as soon as it is known, which may be at once. */
export function whenKnown<T, U>(
  value: Awaitable<T>,
  next: (value: T) => Awaitable<U>,
): Awaitable<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Does what may throw or reject, and goes on with what `recover` makes of that. */
export function unlessFailed<T>(
  work: () => Awaitable<T>,
  recover: (error: unknown) => T,
): Awaitable<T> {
  try {
    const value = work();
    return value instanceof Promise ? value.catch(recover) : value;
  } catch (error) {
    return recover(error);
  }
}
