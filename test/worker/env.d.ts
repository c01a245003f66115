declare namespace Cloudflare {
  interface Env extends Readonly<import("../../src/env.ts").Env> {}
}
