import { fleet } from "../../live/fleet.ts";
import { STANDINGS, type Standing } from "../../live/standing.ts";
import { replaceQuery } from "../../shell/place.ts";
import { amount } from "../../ui/amount.ts";
import { TONES } from "./standing-words.ts";

/** How many stations are what; a press shows those alone. */
export function StandingButtons({ chosen }: { readonly chosen: Standing | null }) {
  const counts = new Map<Standing, number>();
  for (const { standing } of fleet.all()) counts.set(standing, (counts.get(standing) ?? 0) + 1);
  return (
    <fieldset class="standings">
      <legend class="visually-hidden">Show by status</legend>
      <button
        type="button"
        class="stat"
        aria-pressed={chosen === null}
        onClick={() => replaceQuery({ status: null })}
      >
        <strong>{amount(fleet.size)}</strong> all
      </button>
      {STANDINGS.map((standing) => (
        <button
          key={standing}
          type="button"
          class="stat"
          aria-pressed={chosen === standing}
          onClick={() => replaceQuery({ status: chosen === standing ? null : standing })}
        >
          <strong class={counts.has(standing) ? `count-${TONES[standing]}` : "quiet"}>
            {amount(counts.get(standing) ?? 0)}
          </strong>{" "}
          {standing}
        </button>
      ))}
    </fieldset>
  );
}
