import "./simulator.css";

import { useState } from "preact/hooks";

import { isAdmin } from "../session/session.ts";
import { linkTo } from "../shell/place.ts";
import { amount, latency } from "../ui/amount.ts";
import { Button } from "../ui/button.tsx";
import { CopyText } from "../ui/copy.tsx";
import { Field } from "../ui/field.tsx";
import { useAction } from "../ui/use-action.ts";
import { ending, isDevelopment, type Running, running, type Wish } from "./running.ts";

const SPEEDS = [
  { speed: 1, text: "as in real life" },
  { speed: 10, text: "10 times as fast" },
  { speed: 60, text: "60 times: an hour in a minute" },
  { speed: 600, text: "600 times" },
];
const MAX_STATIONS = 1_000;

/** Starts, shows and stops simulated stations; nothing for readers and on a relay that is not local. */
export function SimulatorCard() {
  const run = running.value;
  if (!isAdmin() || (!isDevelopment() && run === null)) return null;
  return (
    <section class="card stack" aria-labelledby="simulated-stations">
      <h2 id="simulated-stations">Simulated stations</h2>
      {run === null ? <StartForm /> : <Course run={run} />}
    </section>
  );
}

function StartForm() {
  const [wish, setWish] = useState<Wish>({ stations: 12, speed: 60 });
  const start = useAction(async () => {
    // Nobody but who simulates loads the simulator.
    const { startStations } = await import("./run.ts");
    await startStations(wish);
  }, "The stations are running.");
  const submit = (event: Event) => {
    event.preventDefault();
    void start.run();
  };
  return (
    <form class="stack" onSubmit={submit}>
      <p>
        No stations at hand? This page can play some: they send signed webhooks as eDRV does, to a
        source of their own, for as long as this tab is open.
      </p>
      {ending.value !== null && (
        <p class="note note-warn" role="alert">
          {ending.value}
        </p>
      )}
      <div class="grid">
        <Field label="Stations" hint={`1 to ${amount(MAX_STATIONS)}`}>
          {(field) => (
            <input
              {...field}
              type="number"
              min={1}
              max={MAX_STATIONS}
              required
              value={wish.stations}
              onInput={({ currentTarget: { valueAsNumber: stations } }) =>
                setWish({ ...wish, stations })
              }
            />
          )}
        </Field>
        <Field label="Speed">
          {(field) => (
            <select
              {...field}
              value={wish.speed}
              onChange={({ currentTarget: { value } }) =>
                setWish({ ...wish, speed: Number(value) })
              }
            >
              {SPEEDS.map(({ speed, text }) => (
                <option key={speed} value={speed}>
                  {text}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      <div class="row">
        <Button kind="primary" type="submit" isBusy={start.isRunning}>
          Start simulated stations
        </Button>
      </div>
    </form>
  );
}

function Course({ run }: { readonly run: Running }) {
  const { progress, stations, speed } = run;
  const accepted = progress?.statuses["200"] ?? 0;
  const refused = (progress?.attempts ?? 0) - accepted;
  return (
    <>
      <p>
        {amount(stations)} stations at {speed} times real speed send to{" "}
        <a href={linkTo(["sources", run.sourceId])}>their source</a>, for as long as this tab is
        open. In a hidden tab browsers slow them down.
      </p>
      <dl class="stats simulator-counts">
        <Count name="sent" value={amount(progress?.attempts ?? 0)} />
        <Count name="accepted" value={amount(accepted)} />
        <Count name="refused" value={amount(refused)} />
        <Count name="events per second" value={amount(progress?.eventsPerSecond ?? 0, 1)} />
        <Count name="to acknowledge, median" value={latency(progress?.latencyMs.p50 ?? null)} />
      </dl>
      <div class="row">
        <Button kind="danger" isBusy={run.isStopping} onClick={run.stop}>
          Stop simulated stations
        </Button>
      </div>
      <details>
        <summary>Run them without this page</summary>
        <div class="stack simulator-command">
          <p class="quiet">
            Stop them here first: the command plays the same stations, for an hour. It works until
            stations are started in a page again, which replaces the secret.
          </p>
          <CopyText text={run.command} what="the command" />
        </div>
      </details>
    </>
  );
}

function Count({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div class="stat">
      <dt class="quiet">{name}</dt>
      <dd>
        <strong>{value}</strong>
      </dd>
    </div>
  );
}
