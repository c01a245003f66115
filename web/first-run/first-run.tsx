import "./first-run.css";

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

import type { Route, Source } from "../api/answers.ts";
import { useList } from "../api/use-resource.ts";
import { recent } from "../live/recent.ts";
import { isAdmin } from "../session/session.ts";
import { linkTo } from "../shell/place.ts";
import { SimulatorCard } from "../simulator/simulator-card.tsx";
import { ErrorNote, Loading } from "../ui/notes.tsx";
import { type Progress, progressOf } from "./progress.ts";

const ASK_EVERY_MS = 3_000;

/** What to do in a tenant to which nothing has come yet; each step is ticked off when it is done. */
export function FirstRun() {
  const sources = useList<Source>("/v1/sources", ASK_EVERY_MS);
  const routes = useList<Route>("/v1/routes", ASK_EVERY_MS);
  const hasSeenEvent = useHasSeenEvent();
  if (sources.data === null) {
    if (sources.error === null) return <Loading what="The first steps" />;
    return <ErrorNote message={sources.error} onRetry={sources.reload} />;
  }
  const progress = progressOf({ sources: sources.data, routes: routes.data, hasSeenEvent });
  return (
    <div class="grid first-run">
      <section class="card stack" aria-labelledby="first-steps">
        <h2 id="first-steps">Four steps to the first event delivered</h2>
        <ol class="first-steps">
          <Steps progress={progress} />
        </ol>
        {!isAdmin() && (
          <p class="quiet">Your key may read only: whoever has an admin key takes these steps.</p>
        )}
      </section>
      <SimulatorCard />
    </div>
  );
}

function Steps({ progress }: { readonly progress: Progress }) {
  const { hasSource, hasSecret, hasEvent, hasRoute, source } = progress;
  const guide =
    source === null ? linkTo(["sources"]) : linkTo(["sources", source.id], { guide: "1" });
  const create = linkTo(["sources"], { new: isAdmin() ? "1" : null });
  return (
    <>
      <Step isDone={hasSource} title="Create a source">
        A source is an address for eDRV to post to, and the secret that its webhooks are signed
        with. <a href={create}>{hasSource ? "See the sources" : "Create the first source"}</a>
      </Step>
      <Step isDone={hasSecret || hasEvent} title="Set up the webhook at eDRV">
        Enter the source's URL in eDRV's dashboard, choose events, and bring the signing secret
        back. <a href={guide}>Follow the guide</a>
      </Step>
      <Step isDone={hasEvent} title="See the first event">
        {hasEvent ? "Events come in. " : "Waiting for the first webhook that verifies. "}
        <a href={linkTo(["feed"])}>Open the live feed</a>
      </Step>
      <Step isDone={hasRoute} title="Add a route">
        A route delivers events to an address of yours, in order and until it has taken them.{" "}
        <a href={linkTo(["routes"])}>{hasRoute ? "See the routes" : "Add the first route"}</a>
      </Step>
    </>
  );
}

function Step({
  isDone,
  title,
  children,
}: {
  readonly isDone: boolean;
  readonly title: string;
  readonly children: ComponentChildren;
}) {
  return (
    <li class={isDone ? "first-step first-step-done" : "first-step"}>
      <h3>
        {title}
        <span class="first-step-state">{isDone ? "done" : "to do"}</span>
      </h3>
      <p>{children}</p>
    </li>
  );
}

/** Once true it stays: what the page keeps of events moves on, the step does not. */
function useHasSeenEvent(): boolean {
  const [hasSeen, setSeen] = useState(false);
  const beat = recent.beat;
  useEffect(() => {
    if (hasSeen) return;
    const isOfSource = recent
      .lines()
      .some((line) => line.kind === "event" && line.event.class !== "relay");
    if (isOfSource) setSeen(true);
  }, [beat, hasSeen]);
  return hasSeen;
}
