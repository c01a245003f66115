import type { AuditEntry } from "../../api/answers.ts";
import { CopyText } from "../../ui/copy.tsx";
import { Time } from "../../ui/time.tsx";
import { Detail } from "./detail.tsx";
import type { Names } from "./use-names.ts";
import { isNamed, pageOf, wordsOf } from "./wording.ts";

/** One entry: a sentence, and folded below it what changed and the hashes. */
export function EntryView({ entry, names }: { readonly entry: AuditEntry; readonly names: Names }) {
  const { number, at, key, action, hash, previousHash } = entry;
  const who = key === null ? "The relay" : (names.get(key) ?? key);
  return (
    <li class="audit-entry">
      <p class="audit-sentence">
        <strong title={key ?? undefined}>{who}</strong> {wordsOf(action)}{" "}
        {!isNamed(action) && <Target entry={entry} names={names} />}
      </p>
      <p class="quiet audit-when">
        <Time at={at} /> · {number}
      </p>
      <details class="audit-detail">
        <summary>
          {summaryOf(entry)}
          <span class="visually-hidden"> of entry {number}</span>
        </summary>
        <div class="stack">
          <Detail detail={entry.detail} />
          <dl class="facts">
            <dt>When</dt>
            <dd>
              <time dateTime={at}>{at}</time>
            </dd>
            <dt>Action</dt>
            <dd>
              <code>{action}</code>
            </dd>
            <dt>Target</dt>
            <dd>
              <code>{entry.target}</code>
            </dd>
            <dt>Key</dt>
            <dd>{key === null ? "none: the relay by itself" : <code>{key}</code>}</dd>
            <dt>Hash</dt>
            <dd>
              {hash === null ? (
                "none: older than the chain"
              ) : (
                <CopyText text={hash} what={`the hash of entry ${number}`} />
              )}
            </dd>
            <dt>Hash before</dt>
            <dd>
              {previousHash === null ? "none: the chain begins here" : <code>{previousHash}</code>}
            </dd>
          </dl>
        </div>
      </details>
    </li>
  );
}

function Target({ entry: { action, target }, names }: { entry: AuditEntry; names: Names }) {
  const page = pageOf(action, target);
  const text = names.get(target) ?? <code>{target}</code>;
  return page === null ? (
    <span title={target}>{text}</span>
  ) : (
    <a href={page} title={target}>
      {text}
    </a>
  );
}

function summaryOf({ detail }: AuditEntry): string {
  const { changed } = detail;
  if (Array.isArray(changed) && changed.length > 0) return `Changed: ${changed.join(", ")}`;
  return "Details";
}
