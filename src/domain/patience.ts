/** In place of an answer that did not come in time. */
export const LATE = Symbol("late");

/** The promise's value, or {@link LATE} after so many milliseconds. Rejects when it rejected in time. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T | typeof LATE> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const late = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(() => resolve(LATE), ms);
  });
  try {
    // A rejection that comes too late is taken by the race, and concerns nobody.
    return await Promise.race([promise, late]);
  } finally {
    if (timer !== null) clearTimeout(timer);
  }
}
