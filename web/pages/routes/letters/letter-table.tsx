import { Fragment } from "preact";
import { useState } from "preact/hooks";

import type { DeadLetter, DeadLetterWithEvent } from "../../../api/answers.ts";
import { relay } from "../../../api/relay.ts";
import { useResource } from "../../../api/use-resource.ts";
import { isAdmin } from "../../../session/session.ts";
import { linkTo } from "../../../shell/place.ts";
import { Button } from "../../../ui/button.tsx";
import { ConfirmButton } from "../../../ui/confirm-button.tsx";
import { Json } from "../../../ui/json.tsx";
import { ErrorNote, Loading } from "../../../ui/notes.tsx";
import { Time } from "../../../ui/time.tsx";
import { useAction } from "../../../ui/use-action.ts";
import { Snippet } from "../outcome.tsx";

interface TableProps {
  readonly letters: readonly DeadLetter[];
  readonly routeId: string;
  readonly onChange: () => Promise<void>;
}

export function LetterTable({ letters, routeId, onChange }: TableProps) {
  const [opened, setOpened] = useState<string | null>(null);
  return (
    <section
      class="table-box"
      aria-label="Table of dead letters"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it.
      tabIndex={0}
    >
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Given up</th>
            <th scope="col">Station</th>
            <th scope="col">Event</th>
            <th scope="col">Last answer</th>
            <th scope="col">Actions</th>
          </tr>
        </thead>
        <tbody>
          {letters.map((letter) => (
            <Fragment key={letter.id}>
              <Letter
                {...{ letter, routeId, onChange }}
                isOpen={opened === letter.id}
                onOpen={() => setOpened(opened === letter.id ? null : letter.id)}
              />
              {opened === letter.id && (
                <tr>
                  <td colSpan={5} class="letter-event">
                    <LetterEvent path={`/v1/routes/${routeId}/dead-letters/${letter.id}`} />
                  </td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface LetterProps {
  readonly letter: DeadLetter;
  readonly routeId: string;
  readonly isOpen: boolean;
  readonly onOpen: () => void;
  readonly onChange: () => Promise<void>;
}

function Letter(props: LetterProps) {
  const { letter, isOpen, onOpen } = props;
  const { station, seq, type, attempts, lastAnswer, snippet, at, replay } = letter;
  return (
    <tr>
      <td>
        <Time at={at} />
      </td>
      <td>
        <a class="mono" href={linkTo(["stations", station])}>
          {station}
        </a>
      </td>
      <td>
        <code>{type}</code>
        <div class="quiet">
          #{seq}, tried {attempts === 1 ? "once" : `${attempts} times`}
        </div>
      </td>
      <td>
        {lastAnswer === "" ? "none" : lastAnswer}
        <Snippet text={snippet} />
      </td>
      <td>
        <div class="cell-actions">
          <Button label={`${isOpen ? "Hide" : "Show"} event ${seq} of ${station}`} onClick={onOpen}>
            {isOpen ? "Hide event" : "Show event"}
          </Button>
          {replay === null && isAdmin() && <LetterActions {...props} />}
          {replay !== null && <a href={linkTo(["replays", replay])}>being redelivered</a>}
        </div>
      </td>
    </tr>
  );
}

function LetterActions({ letter, routeId, onChange }: LetterProps) {
  const path = `/v1/routes/${routeId}/dead-letters/${letter.id}`;
  const name = `event ${letter.seq} of ${letter.station}`;
  const redeliver = useAction(async () => {
    await relay.post(`${path}/redeliver`);
    await onChange();
  }, "It is on its way.");
  return (
    <>
      <Button
        label={`Redeliver ${name}`}
        isBusy={redeliver.isRunning}
        onClick={() => void redeliver.run()}
      >
        Redeliver
      </Button>
      <ConfirmButton
        label={`Discard ${name}`}
        title="Discard this dead letter?"
        consequence="The event is gone from here for good, and the destination never gets it."
        verb="Discard it"
        done="The dead letter is discarded."
        act={async () => {
          await relay.delete(path);
          await onChange();
        }}
      >
        Discard
      </ConfirmButton>
    </>
  );
}

function LetterEvent({ path }: { readonly path: string }) {
  const letter = useResource<DeadLetterWithEvent>(path);
  if (letter.error !== null) return <ErrorNote message={letter.error} onRetry={letter.reload} />;
  if (letter.data === null) return <Loading what="The event" />;
  const { event } = letter.data;
  if (event === null) return <p class="note note-warn">It was kept without its event.</p>;
  return <Json value={event} what="the event" />;
}
