import type { QuarantinedBody } from "../../api/answers.ts";
import { useResource } from "../../api/use-resource.ts";
import { isAdmin } from "../../session/session.ts";
import { linkTo } from "../../shell/place.ts";
import { size } from "../../ui/amount.ts";
import { ConfirmButton } from "../../ui/confirm-button.tsx";
import { Copy } from "../../ui/copy.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Json } from "../../ui/json.tsx";
import { ErrorNote, Loading } from "../../ui/notes.tsx";
import { Time } from "../../ui/time.tsx";
import { discard, pathOf } from "./bulk.ts";
import { reasonWords } from "./reasons.ts";
import { ReleaseForm } from "./release-form.tsx";

export interface EntryDialogProps {
  readonly id: string;
  readonly nameOf: (source: string) => string;
  /** Of the list. */
  readonly reload: () => Promise<void>;
  readonly onClose: () => void;
}

/** One webhook with all of its body, and what can be done with it. */
export function EntryDialog(props: EntryDialogProps) {
  const { id, reload, onClose } = props;
  const entry = useResource<QuarantinedBody>(pathOf(id));
  const finish = async () => {
    onClose();
    await reload();
  };
  return (
    <Dialog title="Quarantined webhook" onClose={onClose}>
      {entry.error !== null && <ErrorNote message={entry.error} onRetry={entry.reload} />}
      {entry.data === null && entry.error === null && <Loading what="The webhook" />}
      {entry.data !== null && (
        <>
          <Facts entry={entry.data} nameOf={props.nameOf} />
          <Body entry={entry.data} />
          {isAdmin() && <Deeds entry={entry.data} onDone={finish} />}
        </>
      )}
    </Dialog>
  );
}

function Facts({
  entry,
  nameOf,
}: Pick<EntryDialogProps, "nameOf"> & { readonly entry: QuarantinedBody }) {
  const { title, why } = reasonWords(entry.reason);
  return (
    <dl class="facts">
      <dt>Reason</dt>
      <dd>
        <strong>{title}</strong>. {why}
      </dd>
      <dt>Source</dt>
      <dd>
        <a href={linkTo(["sources", entry.source])}>{nameOf(entry.source)}</a>
      </dd>
      <dt>Received</dt>
      <dd>
        <Time at={entry.receivedAt} />
      </dd>
      <dt>Size</dt>
      <dd>{size(entry.size)}</dd>
      <dt>Id</dt>
      <dd>
        <code>{entry.id}</code>
      </dd>
    </dl>
  );
}

/** Folded when it is JSON, otherwise as it is. */
function Body({ entry: { body, encoding } }: { readonly entry: QuarantinedBody }) {
  const parsed = encoding === "text" ? parse(body) : undefined;
  if (parsed !== undefined) return <Json value={parsed} what="the body" />;
  return (
    <div class="stack">
      <div class="row row-spread">
        <h3>{encoding === "base64" ? "Body, which is no text, as base64" : "Body"}</h3>
        <Copy text={body} what="the body" />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it. */}
      <pre class="quarantine-whole" tabIndex={0}>
        {body === "" ? "(empty)" : body}
      </pre>
    </div>
  );
}

function Deeds({
  entry,
  onDone,
}: {
  readonly entry: QuarantinedBody;
  readonly onDone: () => Promise<void>;
}) {
  const { release, isReleasable } = reasonWords(entry.reason);
  const discardButton = (
    <ConfirmButton
      title="Discard this webhook?"
      consequence="It is gone for good and becomes no event. The audit log notes it."
      verb="Discard it"
      done="The webhook is discarded."
      act={async () => {
        await discard(entry.id);
        await onDone();
      }}
    >
      Discard
    </ConfirmButton>
  );
  if (isReleasable) {
    return <ReleaseForm entry={entry} onDone={onDone} discardButton={discardButton} />;
  }
  return (
    <>
      <p class="note note-info">{release}</p>
      <div class="row row-end">{discardButton}</div>
    </>
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
