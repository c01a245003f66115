import type { Route } from "../../api/answers.ts";
import { amount, latency } from "../../ui/amount.ts";
import { CopyText } from "../../ui/copy.tsx";
import { Time } from "../../ui/time.tsx";
import { describeSchedule, writeSchedule } from "./form/schedule.ts";
import { SigningHelp } from "./signing-help.tsx";

const EXHAUSTED: Readonly<Record<string, string>> = {
  dead_letter: "kept as a dead letter, and the lane goes on",
  park: "the lane waits for a person",
  drop: "dropped, and the lane goes on",
};
const FORMATS: Readonly<Record<string, string>> = {
  raw: "raw: the exact bytes that eDRV sent",
  event: "event: the relay's event, with the webhook in its body",
};

/** All that the route is set to. Secrets by their hints alone. */
export function Overview({ route }: { readonly route: Route }) {
  return (
    <>
      <div class="grid">
        <Settings route={route} />
        <div class="stack">
          <FilterCard route={route} />
          <Secrets route={route} />
        </div>
      </div>
      <SigningHelp />
    </>
  );
}

function Settings({ route }: { readonly route: Route }) {
  const { retry, headers, auth, ratePerSecond, concurrency, onExhausted, format } = route;
  const waits = retry.scheduleSeconds;
  return (
    <section class="card stack" aria-labelledby="route-settings">
      <h2 id="route-settings">Settings</h2>
      <dl class="facts">
        <dt>Id</dt>
        <dd>
          <CopyText text={route.id} what="the route's id" />
        </dd>
        <dt>Format</dt>
        <dd>{FORMATS[format] ?? format}</dd>
        <dt>Headers</dt>
        <dd>{headers.length === 0 ? "none of its own" : <code>{headers.join(", ")}</code>}</dd>
        <dt>Sign-in</dt>
        <dd>{auth?.type ?? "none"}</dd>
        <dt>Timeout</dt>
        <dd>{latency(route.timeoutMs)}</dd>
        <dt>Tries</dt>
        <dd>
          {describeSchedule(waits)} <span class="quiet">{writeSchedule(waits)}</span>
        </dd>
        <dt>After the last</dt>
        <dd>{EXHAUSTED[onExhausted] ?? onExhausted}</dd>
        <dt>Rate</dt>
        <dd>{ratePerSecond === null ? "no limit" : `${amount(ratePerSecond, 2)} a second`}</dd>
        <dt>In flight</dt>
        <dd>{concurrency === null ? "no limit" : `${amount(concurrency)} at most`}</dd>
        <dt>Created</dt>
        <dd>
          <Time at={route.createdAt} />
        </dd>
        <dt>Changed</dt>
        <dd>
          <Time at={route.updatedAt} />
        </dd>
      </dl>
    </section>
  );
}

function FilterCard({ route: { filter } }: { readonly route: Route }) {
  const { types, stations, match } = filter;
  return (
    <section class="card stack" aria-labelledby="route-filter">
      <h2 id="route-filter">Filter</h2>
      {Object.keys(filter).length === 0 && <p>It gets every event.</p>}
      {types !== undefined && <Tokens name="Types" tokens={types} />}
      {stations !== undefined && <Tokens name="Stations" tokens={stations} />}
      {match !== undefined && (
        <div>
          <h3>Body matches</h3>
          <pre class="match">{JSON.stringify(match, null, 2)}</pre>
        </div>
      )}
    </section>
  );
}

function Tokens({ name, tokens }: { readonly name: string; readonly tokens: readonly string[] }) {
  return (
    <div>
      <h3>{name}</h3>
      <ul class="tokens">
        {tokens.map((token) => (
          <li key={token}>
            <code>{token}</code>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Secrets({ route: { secrets } }: { readonly route: Route }) {
  return (
    <section class="card stack" aria-labelledby="route-secrets">
      <h2 id="route-secrets">Signing secrets</h2>
      <ul class="plain">
        {secrets.map(({ hint, createdAt, expiresAt }) => (
          <li key={`${hint} ${createdAt}`}>
            <code>{hint}</code>{" "}
            {createdAt !== null && (
              <>
                made <Time at={createdAt} />
              </>
            )}
            {expiresAt !== null && (
              <>
                , signs no longer <Time at={expiresAt} />
              </>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
