import { bindingsOf, processConfig, quote } from "../../bench/workerd-config.ts";
import type { SetUp } from "../support/bare-relay.ts";
import type { Version } from "./releases.ts";
import { clockModule, entryModule } from "./skewed-clock.ts";

/** Which versions take requests, in turn, and which version's code the objects of each class run by. */
export interface Mix {
  readonly edges: readonly Version[];
  readonly objects: Readonly<Record<string, Version>>;
}

/** The classes of objects that there are, the one that 0.1.0 did not know last. */
export const CLASSES = [
  "StationObject",
  "FeedObject",
  "TenantObject",
  "RegistryObject",
  "GateObject",
] as const;
export type ObjectClass = (typeof CLASSES)[number];

/** Objects by one version, but for those classes; requests to those versions. */
export function mixOf(
  version: Version,
  edges: readonly Version[] = [version],
  others: { readonly classes: readonly ObjectClass[]; readonly version: Version } | null = null,
): Mix {
  const known = version === "0.1.0" ? CLASSES.slice(0, -1) : CLASSES;
  const homes = known.map((name) => [name, version]);
  const elsewhere = others?.classes.map((name) => [name, others.version]) ?? [];
  return { edges, objects: Object.fromEntries([...homes, ...elsewhere]) };
}

export interface MixOptions {
  /** The built Worker of a version. */
  readonly codeOf: (version: Version) => string;
  /** The relay's clock is ahead by so much. */
  readonly aheadMs?: number;
  /** Where every request to a destination goes, whatever its URL: `127.0.0.1:1234`. */
  readonly destinations?: string;
}

/** Versions of the Worker side by side on one workerd, each object at home in one, with one state. */
export function setUpMix(mix: Mix, { codeOf, aheadMs = 0, destinations }: MixOptions): SetUp {
  const { edges, objects } = mix;
  const versions = [...new Set([...edges, ...Object.values(objects)])];
  return (config) => {
    const services = versions.map((version) => ({
      name: version,
      modules: [`${version}-entry.js`, `${version}.js`, "clock.js"],
      bindings: bindingsOf(
        { ...config, objects: config.objects.filter(({ className }) => className in objects) },
        homesElsewhere(objects, version),
      ),
      classes: classesOf(objects, version),
    }));
    const front = {
      name: "front",
      modules: ["front.js"],
      bindings: edges.map((name) => `(name = ${quote(name)}, service = ${quote(name)})`),
      classes: [],
    };
    const place = { ...config, services: [front, ...services] };
    const files = versions.flatMap((version) => [
      [`${version}.js`, codeOf(version)],
      [`${version}-entry.js`, entryModule(`${version}.js`, classesOf(objects, version))],
    ]);
    return {
      ...Object.fromEntries(files),
      "clock.js": clockModule(aheadMs),
      "front.js": FRONT,
      "config.capnp": processConfig(
        destinations === undefined ? place : { ...place, destinations },
      ),
    };
  };
}

const classesOf = (objects: Mix["objects"], version: Version) =>
  Object.keys(objects).filter((name) => objects[name] === version);

const homesElsewhere = (objects: Mix["objects"], version: Version) =>
  Object.fromEntries(Object.entries(objects).filter(([, home]) => home !== version));

/** Requests go to one version after the other. */
const FRONT = `
let count = 0;
export default {
  fetch(request, env) {
    const edges = Object.values(env);
    return edges[count++ % edges.length].fetch(request);
  },
};
`;
