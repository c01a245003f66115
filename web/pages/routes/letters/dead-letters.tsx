import type { DeadLetter, Replay } from "../../../api/answers.ts";
import { relay } from "../../../api/relay.ts";
import { useList } from "../../../api/use-resource.ts";
import { isAdmin } from "../../../session/session.ts";
import { linkTo, place, replaceQuery } from "../../../shell/place.ts";
import { amount } from "../../../ui/amount.ts";
import { ConfirmButton } from "../../../ui/confirm-button.tsx";
import { Empty, ErrorNote, Loading } from "../../../ui/notes.tsx";
import { ReplayProgress } from "../../replays/progress.tsx";
import { REFRESH_MS } from "../figures.ts";
import { useNotices } from "../use-notices.ts";
import { LetterTable } from "./letter-table.tsx";
import { redeliverEach } from "./redelivery.ts";

const MAX_LETTERS = 1_000;
const MAX_SHOWN = 200;
const BUSY_REFRESH_MS = 1_500;

/** Events that the destination did not take, and the ways to send them again. */
export function DeadLetters({ routeId }: { readonly routeId: string }) {
  const path = `/v1/routes/${routeId}/dead-letters`;
  const replays = useList<Replay>("/v1/replays?limit=50", BUSY_REFRESH_MS);
  const running = (replays.data ?? []).filter(
    ({ route, kind, finishedAt }) =>
      route === routeId && kind === "dead_letters" && finishedAt === null,
  );
  const letters = useList<DeadLetter>(path, running.length > 0 ? BUSY_REFRESH_MS : REFRESH_MS);
  const reload = async () => {
    await Promise.all([letters.reload(), replays.reload()]);
  };
  useNotices(routeId, () => void letters.reload());
  if (letters.data === null) {
    if (letters.error === null) return <Loading what="Dead letters" />;
    return <ErrorNote message={letters.error} onRetry={letters.reload} />;
  }
  const text = place.value.query.get("letters") ?? "";
  const found = letters.data.filter((letter) => reads(letter, text));
  return (
    <section class="stack" aria-label="Dead letters">
      {letters.error !== null && <ErrorNote message={letters.error} onRetry={letters.reload} />}
      {running.map((replay) => (
        <div key={replay.id} class="card stack">
          <h2>
            <a href={linkTo(["replays", replay.id])}>A redelivery is under way</a>
          </h2>
          <ReplayProgress replay={replay} />
        </div>
      ))}
      {letters.data.length === 0 ? (
        <Empty title="No dead letters">
          <p class="quiet">
            An event whose tries are used up, or that was skipped, is kept here whole.
          </p>
        </Empty>
      ) : (
        <>
          <Controls {...{ path, routeId, text, found, reload }} total={letters.data.length} />
          <LetterTable letters={found.slice(0, MAX_SHOWN)} routeId={routeId} onChange={reload} />
        </>
      )}
    </section>
  );
}

interface ControlsProps {
  readonly path: string;
  readonly routeId: string;
  readonly text: string;
  readonly found: readonly DeadLetter[];
  readonly total: number;
  readonly reload: () => Promise<void>;
}

function Controls({ path, routeId, text, found, total, reload }: ControlsProps) {
  const more = total >= MAX_LETTERS ? "+" : "";
  return (
    <div class="row row-spread">
      <div class="row">
        <input
          type="search"
          class="routes-search"
          aria-label="Search dead letters by station, type or answer"
          placeholder="Station, type or answer"
          value={text}
          onInput={(event) => replaceQuery({ letters: event.currentTarget.value })}
        />
        <span class="quiet" role="status">
          {text !== "" && `${amount(found.length)} of `}
          {amount(total)}
          {more} {total === 1 ? "dead letter" : "dead letters, oldest first"}
          {found.length > MAX_SHOWN && `; ${MAX_SHOWN} shown`}
        </span>
      </div>
      {isAdmin() && (
        <div class="row">
          <a class="button" href={linkTo(["replays", "new"], { route: routeId })}>
            Replay a time range
          </a>
          {text === "" ? (
            <ConfirmButton
              kind="primary"
              title="Redeliver all dead letters?"
              consequence="All of this route that are not under way already are sent once more, in order per station and beside its lanes. Those that are taken go from this list; those that fail again stay."
              verb="Redeliver all"
              done="The redelivery has begun."
              act={async () => {
                await relay.post(`${path}/redeliver`);
                await reload();
              }}
            >
              Redeliver all
            </ConfirmButton>
          ) : (
            <ConfirmButton
              kind="primary"
              title={`Redeliver the ${amount(found.length)} found?`}
              consequence="They are sent once more, one after the other, beside the route's lanes. This page must stay open until all are on their way."
              verb="Redeliver them"
              done="All that were found are on their way."
              act={async () => {
                await redeliverEach(path, found);
                await reload();
              }}
            >
              Redeliver those found
            </ConfirmButton>
          )}
        </div>
      )}
    </div>
  );
}

function reads({ station, type, lastAnswer, snippet, event }: DeadLetter, text: string): boolean {
  const said = `${station} ${type} ${lastAnswer} ${snippet} ${event}`.toLowerCase();
  return said.includes(text.trim().toLowerCase());
}
