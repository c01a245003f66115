import "./charts.css";

import { useMemo } from "preact/hooks";

import type { Metrics, Route } from "../../api/answers.ts";
import { useList, useResource } from "../../api/use-resource.ts";
import { openedAtMs } from "../../live/connection.ts";
import { rates } from "../../live/rates.ts";
import { samples } from "../../live/samples.ts";
import type { PageProps } from "../../shell/pages.ts";
import { linkTo, place, replaceQuery } from "../../shell/place.ts";
import { Empty, ErrorNote } from "../../ui/notes.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { now } from "../../ui/time.tsx";
import { Plot } from "./plot.tsx";
import {
  deliveryLatency,
  liveRates,
  minuteRates,
  type PlotData,
  powerOver,
  relayLatency,
  sessionsOver,
} from "./series.ts";
import { useScheme } from "./use-scheme.ts";

const WINDOWS = [
  ["15", "15 minutes"],
  ["60", "1 hour"],
  ["360", "6 hours"],
  ["1440", "24 hours"],
] as const;
const RELOAD_MS = 10_000;
/** Live rates are averaged over so many seconds, to be read. */
const STEP_S = 5;
const NOTHING: PlotData = { times: [], series: [] };

/** How busy the relay and the stations are, and how long things take. */
export function Page(_props: PageProps) {
  const minutes =
    WINDOWS.find(([value]) => value === place.value.query.get("minutes"))?.[0] ?? "15";
  const metrics = useResource<Metrics>(`/v1/metrics?minutes=${minutes}`, RELOAD_MS);
  const scheme = useScheme();
  const isLive = minutes === "15";
  return (
    <div class="page">
      <PageHead
        title="Charts"
        lead="Times are those of this device."
        actions={<Choice label="Window" name="minutes" options={WINDOWS} chosen={minutes} />}
      />
      {metrics.error !== null && <ErrorNote message={metrics.error} onRetry={metrics.reload} />}
      <div class="charts">
        {isLive ? (
          <LiveEvents scheme={scheme} />
        ) : (
          <Plot
            title="Events by class"
            about="By the relay's count, a value for each minute."
            unit="per second"
            data={useFrom(metrics.data, minuteRates)}
            scheme={scheme}
          />
        )}
        <Plot
          title="Acknowledgement"
          about="From a webhook's receipt at the edge until it is stored and about to be acknowledged and sent to subscribers, by minute."
          unit="ms"
          data={useFrom(metrics.data, relayLatency)}
          scheme={scheme}
        />
        <Delivery metrics={metrics.data} scheme={scheme} />
        <Running minutes={Number(minutes)} scheme={scheme} />
      </div>
    </div>
  );
}

function LiveEvents({ scheme }: { readonly scheme: number }) {
  // By the clock and not by what comes: when nothing comes, that is to be seen.
  const untilS = now.value / 1_000;
  const window = {
    fromS: untilS - 15 * 60,
    untilS,
    sinceS: (openedAtMs.value ?? now.value) / 1_000,
    stepS: STEP_S,
  };
  return (
    <Plot
      title="Events by class"
      about="As this page receives them, averaged over 5 seconds; since it was opened."
      unit="per second"
      data={liveRates(rates.seconds(), window)}
      scheme={scheme}
    />
  );
}

function Delivery({
  metrics,
  scheme,
}: {
  readonly metrics: Metrics | null;
  readonly scheme: number;
}) {
  const routes = useList<Route>("/v1/routes");
  const options = (routes.data ?? []).map(({ id, name }) => [id, name] as const);
  const asked = place.value.query.get("route");
  const chosen = options.find(([id]) => id === asked)?.[0] ?? options[0]?.[0] ?? "";
  const data = useMemo(
    () => (metrics === null ? NOTHING : deliveryLatency(metrics, chosen)),
    [metrics, chosen],
  );
  if (routes.error !== null) return <ErrorNote message={routes.error} onRetry={routes.reload} />;
  if (routes.data !== null && options.length === 0) {
    return (
      <Empty title="Nothing is delivered">
        <p>
          There is no <a href={linkTo(["routes"])}>route</a> yet, which would say where events go.
        </p>
      </Empty>
    );
  }
  return (
    <section class="stack">
      <Plot
        title="Delivery"
        about="From a webhook's receipt at the edge until its destination's 2xx, by minute: retries and waiting count. An attempt shows with its station's next event."
        unit="ms"
        data={data}
        scheme={scheme}
      />
      <Choice label="Route" name="route" options={options} chosen={chosen} />
    </section>
  );
}

function Running({ minutes, scheme }: { readonly minutes: number; readonly scheme: number }) {
  const all = samples.list();
  const shown = useMemo(() => {
    const sinceMs = Date.now() - minutes * 60_000;
    return all.filter(({ atMs }) => atMs >= sinceMs);
  }, [all, minutes]);
  const about = "Looked at every 5 seconds since this page was opened.";
  return (
    <>
      <Plot
        title="Active sessions"
        about={about}
        unit="sessions"
        data={useFrom(shown, sessionsOver)}
        scheme={scheme}
      />
      <Plot
        title="Power"
        about={about}
        unit="kW"
        data={useFrom(shown, powerOver)}
        scheme={scheme}
      />
    </>
  );
}

function Choice({
  label,
  name,
  options,
  chosen,
}: {
  readonly label: string;
  readonly name: string;
  readonly options: readonly (readonly [string, string])[];
  readonly chosen: string;
}) {
  return (
    <label class="row chart-choice">
      {label}
      <select
        value={chosen}
        onChange={({ currentTarget: { value } }) => replaceQuery({ [name]: value })}
      >
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The plot of something that may not be there yet. */
function useFrom<T>(value: T | null, make: (value: T) => PlotData): PlotData {
  return useMemo(() => (value === null ? NOTHING : make(value)), [value, make]);
}
