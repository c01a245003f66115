import type { Page, Problem } from "./answers.ts";

/** The relay refused a call, or could not carry it out. The message is for people. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  /** Stable, such as `invalid_request`; `unreadable` when the answer was no problem document. */
  readonly code: string;
  /** What is wrong with which field of the request. */
  readonly issues: readonly { readonly path: string; readonly message: string }[];

  constructor(status: number, problem: Partial<Problem>) {
    super(problem.detail ?? `The relay answered ${status}.`);
    this.status = status;
    this.code = problem.code ?? "unreadable";
    this.issues = problem.issues ?? [];
  }
}

export interface Tagged<T> {
  readonly value: T;
  /** For `If-Match`: a change made with it is refused (412) when somebody else was faster. */
  readonly etag: string | null;
}

export interface Api {
  get<T>(path: string): Promise<T>;
  getTagged<T>(path: string): Promise<Tagged<T>>;
  post<T>(path: string, body?: unknown): Promise<T>;
  patch<T>(path: string, body: unknown, etag?: string | null): Promise<T>;
  delete(path: string, etag?: string | null): Promise<void>;
  /** All pages of a list, up to `max` items. */
  list<T>(path: string, max?: number): Promise<readonly T[]>;
}

const MAX_LISTED = 1_000;
const PAGE = 200;

/** Calls of the relay that served this page. All throw an ApiError for what is no success. */
export function createApi(key: () => string, onUnauthorized: () => void = () => {}): Api {
  const send = async (method: string, path: string, body?: unknown, etag?: string | null) => {
    const response = await fetch(path, {
      method,
      cache: "no-store",
      headers: {
        authorization: `Bearer ${key()}`,
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(typeof etag === "string" && { "if-match": etag }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (response.ok) return response;
    if (response.status === 401) onUnauthorized();
    throw new ApiError(response.status, await readProblem(response));
  };
  const api: Api = {
    get: async (path) => (await send("GET", path)).json(),
    getTagged: async (path) => {
      const response = await send("GET", path);
      return { value: await response.json(), etag: response.headers.get("etag") };
    },
    post: async (path, body) => (await send("POST", path, body)).json(),
    patch: async (path, body, etag) => (await send("PATCH", path, body, etag)).json(),
    delete: async (path, etag) => {
      await send("DELETE", path, undefined, etag);
    },
    list: async <T>(path: string, max = MAX_LISTED) => {
      const items: T[] = [];
      let after: string | null = null;
      do {
        const limit = Math.min(PAGE, max - items.length);
        const page: Page<T> = await api.get(withQuery(path, { limit, after }));
        items.push(...page.items);
        after = page.next;
      } while (after !== null && items.length < max);
      return items;
    },
  };
  return api;
}

/** The path with parameters; null and undefined ones are left out. */
export function withQuery(
  path: string,
  parameters: Readonly<Record<string, string | number | boolean | null | undefined>>,
): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined) query.set(name, String(value));
  }
  const text = query.toString();
  if (text === "") return path;
  return `${path}${path.includes("?") ? "&" : "?"}${text}`;
}

async function readProblem(response: Response): Promise<Partial<Problem>> {
  try {
    return await response.json();
  } catch {
    return {};
  }
}
