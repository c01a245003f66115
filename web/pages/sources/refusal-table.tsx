import type { Refusals } from "../../api/answers.ts";
import { amount, size } from "../../ui/amount.ts";
import { Clock, Time } from "../../ui/time.tsx";
import { refusalWords } from "./words.ts";

/** Newest first. */
export function RefusalTable({ refusals }: { readonly refusals: readonly Refusals[] }) {
  if (refusals.length === 0) {
    return <p class="quiet">None: whatever came to this URL has verified.</p>;
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it.
    <section class="table-box" tabIndex={0} aria-label="Refused requests">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Reason</th>
            <th scope="col">Requests in 10 s</th>
            <th scope="col">The last of them</th>
          </tr>
        </thead>
        <tbody>
          {refusals.map((refusal) => (
            <Row key={`${refusal.at} ${refusal.reason}`} refusal={refusal} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ refusal: { at, reason, count, samples } }: { readonly refusal: Refusals }) {
  const { title, advice } = refusalWords(reason);
  return (
    <tr>
      <td>
        <Time at={at} />
      </td>
      <td class="refusal-reason">
        {title}
        <small class="quiet">{advice}</small>
      </td>
      <td class="number">{amount(count)}</td>
      <td>
        <ul class="samples">
          {samples.map((sample) => (
            <li key={`${sample.at} ${sample.from} ${sample.size}`}>
              <Clock at={sample.at} /> from <code>{sample.from}</code>, {size(sample.size)}
            </li>
          ))}
        </ul>
      </td>
    </tr>
  );
}
