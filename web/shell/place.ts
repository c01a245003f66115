import { signal } from "@preact/signals";

/** Where in the console one is: the part of the address after `#`. */
export interface Place {
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

export const place = signal<Place>(readPlace());

window.addEventListener("hashchange", () => {
  place.value = readPlace();
});

/** The address of a place, for links: `linkTo(["stations", id])`. Empty and null parameters are left out. */
export function linkTo(
  path: readonly string[],
  parameters: Readonly<Record<string, string | null>> = {},
): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== "") query.set(name, value);
  }
  const text = query.toString();
  return `#/${path.map(encodeURIComponent).join("/")}${text === "" ? "" : `?${text}`}`;
}

export function goTo(
  path: readonly string[],
  parameters: Record<string, string | null> = {},
): void {
  location.hash = linkTo(path, parameters);
}

/** Another query in the same place, without a step of its own in the history. */
export function replaceQuery(parameters: Readonly<Record<string, string | null>>): void {
  const { path, query } = place.value;
  const merged = { ...Object.fromEntries(query), ...parameters };
  history.replaceState(null, "", linkTo(path, merged));
  place.value = readPlace();
}

function readPlace(): Place {
  // A link that signs in names no place.
  if (location.hash.startsWith("#key=")) return { path: [], query: new URLSearchParams() };
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const segments = path.split("/").filter((segment) => segment !== "");
  return { path: segments.map(decode), query: new URLSearchParams(query) };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
