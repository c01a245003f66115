import { describe, expect, it } from "vitest";

import type { Filter } from "../../src/domain/filter.ts";
import { compileVisibility, FULL_GRANT } from "../../src/domain/grant.ts";
import { GroupIndex } from "../../src/objects/group-index.ts";

const group = (name: string, filter: Filter) => ({
  name,
  visibility: compileVisibility(FULL_GRANT, filter),
});

function openIndex(...groups: ReturnType<typeof group>[]) {
  const index = new GroupIndex<ReturnType<typeof group>>();
  for (const each of groups) index.add(each);
  const namesFor = (station: string, type: string) =>
    [...index.candidates(station, type)].map(({ name }) => name).sort();
  return { index, namesFor };
}

describe("GroupIndex", () => {
  const all = group("all", {});
  const cs1 = group("cs1", { stations: ["cs1", "cs2"] });
  const sessions = group("sessions", { types: ["session.*"] });

  it("names groups by their stations, and by their types when they name no stations", () => {
    const { namesFor } = openIndex(all, cs1, sessions);
    expect(namesFor("cs1", "session.updated")).toEqual(["all", "cs1", "sessions"]);
    expect(namesFor("cs3", "session.updated")).toEqual(["all", "sessions"]);
    expect(namesFor("cs2", "chargestation.online")).toEqual(["all", "cs1"]);
  });

  it("knows of a group that comes later, and forgets one that goes", () => {
    const { index, namesFor } = openIndex(all);
    expect(namesFor("cs1", "session.updated")).toEqual(["all"]);
    index.add(sessions);
    index.add(cs1);
    expect(namesFor("cs1", "session.updated")).toEqual(["all", "cs1", "sessions"]);
    index.delete(all);
    index.delete(cs1);
    expect(namesFor("cs1", "session.updated")).toEqual(["sessions"]);
    index.clear();
    expect(namesFor("cs1", "session.updated")).toEqual([]);
  });

  it("never leaves out who wants an event, whatever token and filter name together", () => {
    const visibility = compileVisibility(
      { view: "events", scopes: [{ stations: ["cs1", "cs2"] }] },
      { stations: ["cs2", "cs3"] },
    );
    const { namesFor } = openIndex({ name: "both", visibility });
    expect(namesFor("cs2", "session.updated")).toEqual(["both"]);
    expect(namesFor("cs4", "session.updated")).toEqual([]);
  });
});
