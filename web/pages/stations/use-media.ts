import { useEffect, useState } from "preact/hooks";

/** Whether the media query holds, also after the window has changed. */
export function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const renew = () => setMatches(list.matches);
    renew();
    list.addEventListener("change", renew);
    return () => list.removeEventListener("change", renew);
  }, [query]);
  return matches;
}
