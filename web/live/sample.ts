/** What ran at one moment. */
export interface Sample {
  readonly atMs: number;
  readonly sessions: number;
  readonly powerW: number;
}
