import type { ComponentType } from "preact";

/** A page of the console. It gets what follows its own name in the address. */
export interface Page {
  readonly name: string;
  readonly title: string;
  /** Where it stands in the navigation. */
  readonly group: "Operate" | "Deliver" | "Receive" | "Account";
  readonly load: () => Promise<{ readonly Page: ComponentType<PageProps> }>;
}

export interface PageProps {
  readonly path: readonly string[];
}

/** In the order of the navigation; the first is shown at the bare address. */
export const PAGES: readonly Page[] = [
  {
    name: "stations",
    title: "Stations",
    group: "Operate",
    load: () => import("../pages/stations/page.tsx"),
  },
  {
    name: "feed",
    title: "Live feed",
    group: "Operate",
    load: () => import("../pages/feed/page.tsx"),
  },
  {
    name: "charts",
    title: "Charts",
    group: "Operate",
    load: () => import("../pages/charts/page.tsx"),
  },
  {
    name: "routes",
    title: "Routes",
    group: "Deliver",
    load: () => import("../pages/routes/page.tsx"),
  },
  {
    name: "replays",
    title: "Replays",
    group: "Deliver",
    load: () => import("../pages/replays/page.tsx"),
  },
  {
    name: "sources",
    title: "Sources",
    group: "Receive",
    load: () => import("../pages/sources/page.tsx"),
  },
  {
    name: "quarantine",
    title: "Quarantine",
    group: "Receive",
    load: () => import("../pages/quarantine/page.tsx"),
  },
  {
    name: "keys",
    title: "Keys and tokens",
    group: "Account",
    load: () => import("../pages/keys/page.tsx"),
  },
  {
    name: "usage",
    title: "Usage and cost",
    group: "Account",
    load: () => import("../pages/usage/page.tsx"),
  },
  {
    name: "audit",
    title: "Audit log",
    group: "Account",
    load: () => import("../pages/audit/page.tsx"),
  },
  {
    name: "settings",
    title: "Settings",
    group: "Account",
    load: () => import("../pages/settings/page.tsx"),
  },
];
