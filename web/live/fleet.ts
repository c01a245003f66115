import type { StationState } from "../../client/client.ts";
import { relay } from "../api/relay.ts";
import { Fleet } from "./fleet-states.ts";

export type { FleetStation } from "./fleet-states.ts";

/** All stations of the tenant whose key is signed in. */
export const fleet = new Fleet((station) =>
  relay.get<StationState>(`/v1/stations/${encodeURIComponent(station)}`),
);
