import "./replays.css";

import type { PageProps } from "../../shell/pages.ts";
import { CreateReplay } from "./create-replay.tsx";
import { ReplayList } from "./replay-list.tsx";
import { ReplayPage } from "./replay-page.tsx";

/** `replays`, `replays/new` and `replays/<id>`. */
export function Page({ path: [id] }: PageProps) {
  if (id === undefined) return <ReplayList />;
  if (id === "new") return <CreateReplay />;
  return <ReplayPage key={id} id={id} />;
}
