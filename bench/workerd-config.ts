const LIMITER = "export default () => ({ limit: async () => ({ success: true }) });";

/** A Worker as workerd is to serve it, with durable objects on disk. */
export interface WorkerConfig {
  readonly code: string;
  readonly compatibilityDate: string;
  readonly compatibilityFlags: readonly string[];
  readonly objects: readonly { readonly binding: string; readonly className: string }[];
  readonly texts: Readonly<Record<string, string>>;
  /** Rate limiters that let everything pass: what is measured is the relay, not its limits. */
  readonly limiters: readonly string[];
}

/** One of the Workers of a process. */
export interface Service {
  readonly name: string;
  /** Files beside the configuration; the first one is the Worker, the others it imports. */
  readonly modules: readonly string[];
  readonly bindings: readonly string[];
  /** Of which objects it is the home. */
  readonly classes: readonly string[];
}

export interface ProcessConfig
  extends Pick<WorkerConfig, "compatibilityDate" | "compatibilityFlags"> {
  readonly port: number;
  /** The directory of the objects' databases, the same for all services. */
  readonly state: string;
  /** The first one takes the requests. */
  readonly services: readonly Service[];
  /** Where every request to elsewhere goes, whatever its URL; by default where the URL says. */
  readonly destinations?: string;
}

/** A configuration that serves `worker.js` beside it at that port, with its state in that directory. */
export function workerdConfig(
  worker: Omit<WorkerConfig, "code">,
  state: string,
  port: number,
): string {
  const { compatibilityDate, compatibilityFlags } = worker;
  const main = {
    name: "main",
    modules: ["worker.js"],
    bindings: bindingsOf(worker),
    classes: worker.objects.map(({ className }) => className),
  };
  return processConfig({ compatibilityDate, compatibilityFlags, port, state, services: [main] });
}

/** What a Worker is bound to; objects are at home in the services named, or else in its own. */
export function bindingsOf(
  { objects, texts, limiters }: Pick<WorkerConfig, "objects" | "texts" | "limiters">,
  homes: Readonly<Record<string, string>> = {},
): string[] {
  const designate = (className: string) => {
    const home = homes[className];
    const service = home === undefined ? "" : `, serviceName = ${quote(home)}`;
    return `(className = ${quote(className)}${service})`;
  };
  return [
    ...objects.map(
      ({ binding, className }) =>
        `(name = ${quote(binding)}, durableObjectNamespace = ${designate(className)})`,
    ),
    ...Object.entries(texts).map(
      ([name, text]) => `(name = ${quote(name)}, text = ${quote(text)})`,
    ),
    ...limiters.map((name) => `(name = ${quote(name)}, wrapped = (moduleName = "local:limiter"))`),
  ];
}

export function processConfig(config: ProcessConfig): string {
  const { port, state, services, destinations } = config;
  const internet =
    destinations === undefined
      ? `network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))`
      : `external = (address = ${quote(destinations)}, http = ())`;
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "state", disk = (path = ${quote(state)}, writable = true)),
    (name = "internet", ${internet}),${services.map((service) => serviceText(service, config)).join("")}
  ],
  sockets = [(
    name = "http",
    address = "127.0.0.1:${port}",
    http = (),
    service = ${quote(services[0]?.name ?? "")},
  )],
  extensions = [(modules = [(name = "local:limiter", internal = true, esModule = ${quote(LIMITER)})])],
);
`;
}

function serviceText(
  { name, modules, bindings, classes }: Service,
  { compatibilityDate, compatibilityFlags }: ProcessConfig,
): string {
  const embedded = modules.map(
    (file) => `(name = ${quote(file)}, esModule = embed ${quote(file)})`,
  );
  const namespaces = classes.map(
    (className) =>
      `(className = ${quote(className)}, uniqueKey = ${quote(className)}, enableSql = true)`,
  );
  const storage = classes.length === 0 ? "" : `durableObjectStorage = (localDisk = "state"),`;
  return `
    (name = ${quote(name)}, worker = (
      modules = ${list(embedded)},
      compatibilityDate = ${quote(compatibilityDate)},
      compatibilityFlags = ${list(compatibilityFlags.map(quote))},
      bindings = ${list(bindings)},
      durableObjectNamespaces = ${list(namespaces)},
      ${storage}
    )),`;
}

export const quote = (text: string) => JSON.stringify(text);
const list = (items: readonly string[]) => `[${items.join(", ")}]`;
