/**
 * Calls back when the network or the page comes back: moments at which a connection may be dead
 * without a word, and at which waiting any longer is of no use. Elsewhere than in a page or a web
 * worker there are none. Returns what ends it.
 */
export function onWakeup(wake: () => void): () => void {
  const page = targetNamed("document");
  const isHidden = () => page !== null && Reflect.get(page, "visibilityState") === "hidden";
  const wakeIfSeen = () => {
    if (!isHidden()) wake();
  };
  const listened: [target: EventTarget | null, type: string, listener: () => void][] = [
    [targetNamed("self"), "online", wake],
    [targetNamed("self"), "pageshow", wakeIfSeen],
    [page, "visibilitychange", wakeIfSeen],
    [page, "resume", wakeIfSeen],
  ];
  for (const [target, type, listener] of listened) target?.addEventListener(type, listener);
  return () => {
    for (const [target, type, listener] of listened) target?.removeEventListener(type, listener);
  };
}

function targetNamed(name: string): EventTarget | null {
  const value: unknown = Reflect.get(globalThis, name);
  return value instanceof EventTarget ? value : null;
}
