/*
 * State that a version wrote long ago is to be opened as if it were the same day, or bodies would be
 * past their retention and routes past five days of failing. So the relay's clock can be set.
 */

/** To be loaded before the Worker, so that it never knows of another time. */
export const clockModule = (aheadMs: number) => `
const now = Date.now;
Date.now = () => now() + ${aheadMs};
globalThis.Date = new Proxy(Date, {
  construct: (target, args, self) =>
    Reflect.construct(target, args.length === 0 ? [Date.now()] : args, self),
});
const patched = new WeakSet();
/** Alarms are set by the relay's clock, and set off by the platform's. */
export function patch(storage) {
  const owner = Object.getPrototypeOf(storage);
  if (patched.has(owner)) return;
  patched.add(owner);
  const { setAlarm, getAlarm } = owner;
  owner.setAlarm = function (atMs) { return setAlarm.call(this, Number(atMs) - ${aheadMs}); };
  owner.getAlarm = async function () {
    const atMs = await getAlarm.call(this);
    return atMs === null ? null : atMs + ${aheadMs};
  };
}
`;

/** The Worker in that file, with its objects of these classes on that clock. */
export const entryModule = (worker: string, classes: readonly string[]) => `
import { patch } from "./clock.js";
import * as worker from "./${worker}";
export * from "./${worker}";
export { default } from "./${worker}";
const timed = (Base) =>
  class extends Base {
    constructor(ctx, env) {
      patch(ctx.storage);
      super(ctx, env);
    }
  };
${classes.map((name) => `export const ${name} = timed(worker.${name});`).join("\n")}
`;
