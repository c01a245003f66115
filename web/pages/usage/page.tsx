import "./usage.css";

import type { UsageReport } from "../../api/answers.ts";
import { withQuery } from "../../api/api.ts";
import { useResource } from "../../api/use-resource.ts";
import type { PageProps } from "../../shell/pages.ts";
import { place } from "../../shell/place.ts";
import { Empty, ErrorNote, Loading } from "../../ui/notes.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { CostTable } from "./cost-table.tsx";
import { DayChart } from "./day-chart.tsx";
import { DayTable } from "./day-table.tsx";
import { daysOf } from "./period.ts";
import { PeriodForm } from "./period-form.tsx";
import { Totals } from "./totals.tsx";

const REFRESH_MS = 60_000;

export function Page(_props: PageProps) {
  const days = daysOf(place.value.query, Date.now());
  const { from, to } = days;
  const { data, error, reload } = useResource<UsageReport>(
    withQuery("/v1/usage", { from, to }),
    REFRESH_MS,
  );
  return (
    <div class="page">
      <PageHead
        title="Usage and cost"
        lead="What came in, what went out, and what Cloudflare charges for it by list price. Days are of UTC."
      />
      <PeriodForm days={days} />
      {error !== null && <ErrorNote message={error} onRetry={reload} />}
      {data === null && error === null && <Loading what="Usage" />}
      {data !== null && <Report report={data} />}
    </div>
  );
}

function Report({ report }: { readonly report: UsageReport }) {
  const { total } = report;
  if (total.accepted + total.refused + total.quarantined + total.attempts === 0) {
    return (
      <Empty title="Nothing was used in these days">
        <p>Counts appear with the first webhooks, and are at most a few seconds behind.</p>
        <p>
          <a href="#/sources">Set up a source</a>, or choose other days above.
        </p>
      </Empty>
    );
  }
  return (
    <>
      <Totals report={report} />
      <DayChart days={report.items} />
      <CostTable report={report} />
      <DayTable days={report.items} total={total} />
    </>
  );
}
