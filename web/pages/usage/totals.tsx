import type { UsageReport } from "../../api/answers.ts";
import { amount } from "../../ui/amount.ts";
import { dollars, perMillion, share } from "./figures.ts";

/** The figures of the whole period. */
export function Totals({ report: { total } }: { readonly report: UsageReport }) {
  const million = perMillion(total.costUsd.total, total.accepted);
  const delivered = share(total.delivered, total.attempts);
  const held = [
    total.duplicates > 0 && `${amount(total.duplicates)} sent twice`,
    total.refused > 0 && `${amount(total.refused)} refused`,
    total.quarantined > 0 && `${amount(total.quarantined)} quarantined`,
  ].filter((part) => part !== false);
  return (
    <div class="stats">
      <Stat
        figure={amount(total.accepted)}
        what="events accepted"
        more={held.length === 0 ? "none refused, none quarantined" : held.join(", ")}
      />
      <Stat
        figure={amount(total.delivered)}
        what="deliveries"
        more={
          delivered === null
            ? "no route has had anything to deliver"
            : `${delivered} of ${amount(total.attempts)} attempts`
        }
      />
      <Stat
        figure={amount(total.framesSent)}
        what="frames to subscribers"
        more={`${amount(total.messagesReceived)} messages from them`}
      />
      <Stat
        figure={dollars(total.costUsd.total)}
        what="by list price"
        more={million === null ? "no events" : `${dollars(million)} per million events`}
      />
    </div>
  );
}

function Stat(props: { readonly figure: string; readonly what: string; readonly more: string }) {
  return (
    <div class="stat">
      <strong>{props.figure}</strong>
      {props.what}
      <small class="quiet usage-more">{props.more}</small>
    </div>
  );
}
