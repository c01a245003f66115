import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

import { ErrorNote, Loading } from "../ui/notes.tsx";
import { PageHead } from "../ui/page-head.tsx";
import { PAGES, type PageProps } from "./pages.ts";
import { linkTo, place } from "./place.ts";

/** The page that the address names, loaded when it is first wanted. */
export function PageView() {
  const [name = PAGES[0]?.name, ...path] = place.value.path;
  const page = PAGES.find((page) => page.name === name);
  const [loaded, setLoaded] = useState<{ name: string; Page: ComponentType<PageProps> } | null>(
    null,
  );
  const [error, setError] = useState<string | null>(null);

  useEffect(() => {
    if (page === undefined) return;
    let isWanted = true;
    document.title = `${page.title} · Chargewire`;
    setError(null);
    page
      .load()
      .then(({ Page }) => isWanted && setLoaded({ name: page.name, Page }))
      // After an upgrade of the relay the files of an old page are gone.
      .catch(() => isWanted && setError("This page could not be loaded. Reload the console."));
    return () => {
      isWanted = false;
    };
  }, [page]);

  if (page === undefined) {
    return (
      <div class="page">
        <h1>There is no such page</h1>
        <p>
          <a href={linkTo(["stations"])}>Go to the stations</a>
        </p>
      </div>
    );
  }
  if (error !== null) return <ErrorNote message={error} onRetry={() => location.reload()} />;
  if (loaded?.name !== page.name) {
    return (
      <div class="page">
        <PageHead title={page.title} />
        <Loading what="Loading" />
      </div>
    );
  }
  const { Page } = loaded;
  return <Page key={page.name} path={path} />;
}
