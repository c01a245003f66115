import "./filter-editor.css";

import { useRef, useState } from "preact/hooks";

import type { Filter } from "../../src/domain/filter.ts";
import { fleet } from "../live/fleet.ts";
import { MatchField } from "./filter-editor-match.tsx";
import { type FilterParts, partsOf, readParts } from "./filter-editor-reading.ts";
import { describePattern, suggestStations, suggestTypes } from "./filter-editor-suggestions.ts";
import { Tokens } from "./filter-editor-tokens.tsx";

export interface FilterEditorProps {
  readonly value: Filter;
  /** Told valid filters alone; while what is written is wrong, the last valid one stands. */
  readonly onChange: (filter: Filter) => void;
  /** Whether what is written is wrong at present; not to be saved then. */
  readonly onProblem?: (isWrong: boolean) => void;
  /** False where bodies are not looked into, as in what a token is limited to. */
  readonly hasMatch?: boolean;
  /** What the relay said of the parts: shown until they change. */
  readonly errors?: {
    readonly types?: string;
    readonly stations?: string;
    readonly match?: string;
  };
}

/** Edits a filter in the one language that routes, subscribers and the live feed share. */
export function FilterEditor(props: FilterEditorProps) {
  const { value, onChange, onProblem, hasMatch = true, errors = {} } = props;
  const [parts, setParts] = useState<FilterParts>(() => partsOf(value));
  const known = useRef(JSON.stringify(value));

  // A filter that is not from here, such as that of another address, replaces what is written.
  const given = JSON.stringify(value);
  const shown = given === known.current ? parts : partsOf(value);
  if (given !== known.current) {
    known.current = given;
    setParts(shown);
  }
  const { problems } = readParts(shown);

  const change = (changed: Partial<FilterParts>) => {
    const next = { ...shown, ...changed };
    setParts(next);
    const { filter } = readParts(next);
    onProblem?.(filter === null);
    if (filter === null || JSON.stringify(filter) === known.current) return;
    known.current = JSON.stringify(filter);
    onChange(filter);
  };
  return (
    <div class="filter-editor">
      <Tokens
        label="Types"
        hint="Any of these; * stands for one or more segments. None: all types."
        placeholder="session.*"
        error={problems.types ?? errors.types ?? null}
        tokens={shown.types}
        onChange={(types) => change({ types })}
        suggest={(text) => suggestTypes(text, shown.types)}
        describe={describePattern}
      />
      <Tokens
        label="Stations"
        hint="Any of these; _account is what concerns none. None: all stations."
        placeholder="Station id"
        error={problems.stations ?? errors.stations ?? null}
        tokens={shown.stations}
        onChange={(stations) => change({ stations })}
        suggest={(text) => suggestStations(fleet.all(), text, shown.stations)}
      />
      {hasMatch && (
        <MatchField
          text={shown.matchText}
          error={problems.match ?? errors.match ?? null}
          onInput={(matchText) => change({ matchText })}
        />
      )}
    </div>
  );
}
