import "./stations.css";

import type { PageProps } from "../../shell/pages.ts";
import { FleetPage } from "./fleet-page.tsx";
import { StationPage } from "./station-page.tsx";

/** All stations, or the one that the address names. */
export function Page({ path: [id] }: PageProps) {
  return id === undefined ? <FleetPage /> : <StationPage key={id} id={id} />;
}
