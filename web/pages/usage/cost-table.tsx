import { billedOf, type PricedItem } from "../../../src/domain/prices.ts";
import type { UsageReport } from "../../api/answers.ts";
import { amount } from "../../ui/amount.ts";
import { dollars } from "./figures.ts";

const ITEMS: readonly (readonly [PricedItem, string])[] = [
  ["workerRequests", "Requests of the Worker"],
  ["workerCpuMs", "Its CPU time, in ms (assumed)"],
  ["objectRequests", "Requests of objects"],
  ["rowsWritten", "Rows written"],
];

/** What the total is made of, with the source of each price. */
export function CostTable({ report: { total, prices } }: { readonly report: UsageReport }) {
  const billed = billedOf(total);
  return (
    <section class="stack" aria-labelledby="cost-title">
      <h2 id="cost-title">Cost by list price</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it. */}
      <section class="table-box" aria-label="Cost by item" tabIndex={0}>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Item</th>
              <th scope="col" class="number">
                Amount
              </th>
              <th scope="col" class="number">
                Per million
              </th>
              <th scope="col" class="number">
                Cost
              </th>
              <th scope="col">Price from</th>
            </tr>
          </thead>
          <tbody>
            {ITEMS.map(([item, words]) => (
              <tr key={item}>
                <th scope="row">{words}</th>
                <td class="number">{amount(billed[item])}</td>
                <td class="number">{dollars(prices[item].usdPerMillion)}</td>
                <td class="number">{dollars(total.costUsd[item])}</td>
                <td>
                  <PriceSource {...prices[item]} />
                </td>
              </tr>
            ))}
            <tr>
              <th scope="row">Total</th>
              <td />
              <td />
              <td class="number">
                <strong>{dollars(total.costUsd.total)}</strong>
              </td>
              <td />
            </tr>
          </tbody>
        </table>
      </section>
      <Honesty />
    </section>
  );
}

function PriceSource({ source, asOf }: { readonly source: string; readonly asOf: string }) {
  const name = source.includes("durable-objects") ? "Durable Objects" : "Workers";
  return (
    <>
      <a href={source} rel="noreferrer" target="_blank">
        {name}
      </a>
      , {asOf}
    </>
  );
}

function Honesty() {
  return (
    <details class="card">
      <summary>How far these figures can be trusted</summary>
      <ul class="usage-notes">
        <li>
          They are an estimate, for spotting a day that is unlike the others. Cloudflare's bill is
          the truth. What the plan includes is not taken off.
        </li>
        <li>
          Not reckoned: the time that objects are awake, storage, logs, and calls of this API. CPU
          time is assumed to be a millisecond for a webhook and for an attempt, because a Worker
          cannot measure its own.
        </li>
        <li>
          What a station did after its last event, such as delivering it, is counted with its next
          one, on the day of that. What an object had counted since it last wrote is lost when it
          fails. Events never are.
        </li>
      </ul>
    </details>
  );
}
