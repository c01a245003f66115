/** How long the relay may take to say what it has against a connection. */
const ASK_MS = 5_000;
/** What a stream answers to a plain request that it would serve: a WebSocket is wanted. */
const UPGRADE_REQUIRED = 426;

export interface Refusal {
  readonly status: number;
  readonly detail: string;
}

/**
 * Why the relay refuses a connection. Browsers do not show with what status an upgrade was
 * refused, so the same is asked in a way whose answer can be read. Null when nothing stands
 * against it, or nobody answers.
 */
export async function askForRefusal(url: string, token: string): Promise<Refusal | null> {
  try {
    const response = await fetch(url.replace(/^ws/, "http"), {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(ASK_MS),
    });
    const { status } = response;
    if (status < 400 || status >= 500 || status === UPGRADE_REQUIRED) return null;
    return { status, detail: detailOf(await response.text()) };
  } catch {
    // The network, or a page that may not even ask.
    return null;
  }
}

/** The `detail` of a problem document (RFC 9457), or as much of the text as a person may want. */
function detailOf(text: string): string {
  try {
    const problem: unknown = JSON.parse(text);
    if (typeof problem === "object" && problem !== null && "detail" in problem) {
      return String(problem.detail);
    }
  } catch {
    // Not every refusal is the relay's own.
  }
  return text.slice(0, 200);
}
