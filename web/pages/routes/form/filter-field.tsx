import { FilterEditor } from "../../../ui/filter-editor.tsx";
import type { FieldsProps } from "./fields.tsx";
import { FilterTrial } from "./filter-trial.tsx";
import { useIssue } from "./inputs.tsx";

type Part = "types" | "stations" | "match";

/** The filter, and beside it what it makes of the newest events. */
export function FilterField({ draft, set }: Pick<FieldsProps, "draft" | "set">) {
  const told: Record<Part, string | null> = {
    types: useIssue("filter.types"),
    stations: useIssue("filter.stations"),
    match: useIssue("filter.match"),
  };
  const { types, stations, match } = told;
  return (
    <div class="grid">
      <FilterEditor
        value={draft.filter}
        onChange={(filter) => set({ filter, isFilterWrong: false })}
        onProblem={(isFilterWrong) => set({ isFilterWrong })}
        errors={{
          ...(types !== null && { types }),
          ...(stations !== null && { stations }),
          ...(match !== null && { match }),
        }}
      />
      <FilterTrial filter={draft.filter} />
    </div>
  );
}
