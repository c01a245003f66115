import "./sources.css";

import type { PageProps } from "../../shell/pages.ts";
import { SourceList } from "./source-list.tsx";
import { SourceView } from "./source-view.tsx";

/** `sources`: all of them; `sources/{id}`: one. */
export function Page({ path: [id] }: PageProps) {
  return id === undefined ? <SourceList /> : <SourceView key={id} id={id} />;
}
