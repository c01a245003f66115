const WORDS: Readonly<Record<string, string>> = {
  retention: "what was missed is no longer kept",
  epoch: "the relay's feed began anew",
  slow: "this page could not keep up",
};

/** Why events are missing, for people; a reason not known here as it came. */
export function gapWords(reason: string): string {
  return WORDS[reason] ?? reason;
}
