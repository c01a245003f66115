import { describe, expect, it } from "vitest";

import { streamUrl } from "../../client/stream-url.ts";

describe("streamUrl", () => {
  it.each([
    ["https://relay.example", "wss://relay.example/v1/stream?from=now"],
    ["http://localhost:8787/", "ws://localhost:8787/v1/stream?from=now"],
    ["wss://relay.example", "wss://relay.example/v1/stream?from=now"],
    ["https://example.com/relay", "wss://example.com/relay/v1/stream?from=now"],
  ])("of %s", (relayUrl, expected) => {
    expect(streamUrl(relayUrl, undefined, {}, "now")).toEqual({
      url: expected,
      carriesFilter: true,
    });
  });

  it("names a station, a filter and a place", () => {
    const match = { "data.status": { $in: ["a&b"] } };
    const filter = { types: ["session.*", "a"], stations: ["x", "y"], match };
    const url = new URL(streamUrl("http://r", "cs:1", filter, "c.1").url);
    expect(url.pathname).toBe("/v1/stations/cs%3A1/stream");
    expect(Object.fromEntries(url.searchParams)).toEqual({
      types: "session.*,a",
      stations: "x,y",
      match: JSON.stringify(match),
      from: "c.1",
    });
  });

  it("asks for nothing when the filter is too long for a query", () => {
    const stations = Array.from({ length: 300 }, (_, i) => `station-number-${i}`);
    expect(streamUrl("http://r", undefined, { stations }, "start")).toEqual({
      url: "ws://r/v1/stream?types=none",
      carriesFilter: false,
    });
  });

  it("throws for what is no address", () => {
    expect(() => streamUrl("nowhere", undefined, {}, "now")).toThrow(TypeError);
  });
});
