import { replaceQuery } from "../../shell/place.ts";
import { Button } from "../../ui/button.tsx";
import { Empty } from "../../ui/notes.tsx";
import { VirtualList } from "../../ui/virtual-list.tsx";
import { SORTS, type Sort, type View } from "./arrangement.ts";
import { StationRow } from "./station-row.tsx";
import { useArrangement } from "./use-arrangement.ts";
import { useMedia } from "./use-media.ts";

const ROW_PX = 44;
const TILE_PX = 112;

const COLUMNS: Readonly<Record<Sort, string>> = {
  station: "Station",
  status: "Status",
  power: "Power",
  energy: "Energy",
  last: "Last event",
};

const identity = (id: string) => id;
const row = (id: string) => <StationRow id={id} />;

/** The stations of the view: rows where there is room for them, else tiles. */
export function FleetList({ view }: { readonly view: View }) {
  const { ids, isHeld, onHold } = useArrangement(view);
  const isNarrow = useMedia("(max-width: 820px)");
  const rowHeight = isNarrow ? TILE_PX : ROW_PX;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: what is in it is clicked; this watches.
    <div
      class="fleet"
      onPointerEnter={({ pointerType }) => onHold(pointerType === "mouse")}
      onPointerLeave={() => onHold(false)}
      onFocusIn={() => onHold(true)}
      onFocusOut={() => onHold(false)}
      onKeyDown={moveFocus}
    >
      <Sorting view={view} isNarrow={isNarrow} />
      {ids.length === 0 ? (
        <Empty title="No station is like this">
          <Button onClick={() => replaceQuery({ search: null, status: null })}>Show all</Button>
        </Empty>
      ) : (
        <VirtualList
          key={rowHeight}
          items={ids}
          keyOf={identity}
          rowHeight={rowHeight}
          row={row}
          label="Stations"
        />
      )}
      <p class="quiet fleet-foot">
        {ids.length} shown
        {isHeld && view.sort !== "station" && ". The order waits until you leave the list."}
      </p>
    </div>
  );
}

function Sorting({ view, isNarrow }: { readonly view: View; readonly isNarrow: boolean }) {
  const sortBy = (sort: Sort) => {
    const isReversed = view.sort === sort && !view.isReversed;
    replaceQuery({ sort: sort === "station" ? null : sort, order: isReversed ? "reversed" : null });
  };
  if (isNarrow) {
    return (
      <label class="row">
        Sort by
        <select
          class="fleet-sort"
          value={view.sort}
          onChange={({ currentTarget: { value } }) => replaceQuery({ sort: value, order: null })}
        >
          {SORTS.map((sort) => (
            <option key={sort} value={sort}>
              {COLUMNS[sort]}
            </option>
          ))}
        </select>
      </label>
    );
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset lays its columns out otherwise.
    <div class="fleet-head" role="group" aria-label="Sort the stations">
      {SORTS.flatMap((sort) => [
        <button
          key={sort}
          type="button"
          class={`fleet-column column-${sort}`}
          aria-pressed={view.sort === sort}
          onClick={() => sortBy(sort)}
        >
          {COLUMNS[sort]}
          <span aria-hidden="true">{view.sort !== sort ? "" : view.isReversed ? " ▲" : " ▼"}</span>
          {view.sort === sort && view.isReversed && <span class="visually-hidden"> reversed</span>}
        </button>,
        sort === "status" && (
          <span key="connectors" class="fleet-column">
            Connectors
          </span>
        ),
      ])}
    </div>
  );
}

/** Arrows go from row to row. */
function moveFocus(event: KeyboardEvent): void {
  const { key, target } = event;
  if ((key !== "ArrowDown" && key !== "ArrowUp") || !(target instanceof HTMLAnchorElement)) return;
  const row = target.closest("li");
  const next = key === "ArrowDown" ? row?.nextElementSibling : row?.previousElementSibling;
  const link = next?.querySelector("a");
  if (link === null || link === undefined) return;
  event.preventDefault();
  link.focus();
}
