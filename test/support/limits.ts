/**
 * Requests per ten seconds in worker tests, in place of the thousands of wrangler.toml: low enough
 * to reach within a window of the local limiter, which takes 0.6 ms a call.
 */
export const TEST_LIMIT = 300;
