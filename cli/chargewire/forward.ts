import { type Command, Option } from "commander";
import * as z from "zod";

import { DELIVERY_FORMATS, newSigningSecret } from "../../src/domain/delivery.ts";
import { fromBase64 } from "../../src/domain/encoding.ts";
import { SIGNATURE_SCHEMES } from "../../src/domain/signature.ts";
import { UsageError } from "../simulator/command-line.ts";
import { readCount, readDuration, readHttpUrl } from "./arguments.ts";
import { Context } from "./context.ts";
import { addFilterOptions, type FilterOptions, readFilter } from "./filter-options.ts";
import { runForward } from "./forward/run.ts";
import { readState } from "./forward/state-file.ts";
import { identify } from "./status.ts";

const FIELDS = {
  to: z.string(),
  from: z.string(),
  state: z.string().optional(),
  secret: z.string().optional(),
  edrvSecret: z.string().optional(),
  edrvScheme: z.enum(SIGNATURE_SCHEMES),
  format: z.enum(DELIVERY_FORMATS),
  timeout: z.number().max(30_000, "--timeout is at most 30s"),
  concurrency: z.number().max(1_000, "--concurrency is at most 1000"),
};
const ForwardOptions = z.looseObject(FIELDS);

const EXAMPLES = `
The local server gets what a route's destination gets: the webhook's exact bytes, signed by Standard
Webhooks, with the chargewire-… headers, in order per station. While it is down nothing is lost: an
event is tried again until it is taken, or refused twice (4xx). With --state the next run goes on
where this one ended, however it ended.

Examples:
  chargewire forward --to http://localhost:3000/hook
  chargewire forward --to http://localhost:3000/hook --types 'session.*' --state forward.json
  chargewire forward --to http://localhost:3000/edrv --edrv-secret "$EDRV_SECRET" --from start`;

export function addForward(program: Command): void {
  const command = program.command("forward").description("deliver events to a local server");
  addFilterOptions(command, "deliver events")
    .requiredOption("--to <url>", "the local server", readHttpUrl)
    .option("--from <place>", "where to begin: now, start or a cursor", "now")
    .option("--state <file>", "keep the place in this file, and go on from it")
    .addOption(
      new Option("--secret <whsec>", "what signs; one is made when none is given").env(
        "CHARGEWIRE_FORWARD_SECRET",
      ),
    )
    .addOption(
      new Option("--edrv-secret <secret>", "sign as eDRV does as well").env(
        "CHARGEWIRE_EDRV_SECRET",
      ),
    )
    .addOption(
      new Option("--edrv-scheme <scheme>", "how eDRV's signature is made")
        .choices(SIGNATURE_SCHEMES)
        .default("timestamped"),
    )
    .addOption(
      new Option("--format <format>", "the webhook, or the event around it")
        .choices(DELIVERY_FORMATS)
        .default("raw"),
    )
    .addOption(
      new Option("--timeout <time>", "for an answer")
        .argParser(readDuration)
        .default(10_000, "10s"),
    )
    .option("--concurrency <n>", "stations at once", readCount, 50)
    .addHelpText("after", EXAMPLES)
    .action(async (given: FilterOptions, self: Command) => {
      const { api, connection, output } = new Context(self);
      const options = readOptions(given);
      const filter = readFilter(given);
      const { tenant } = await identify(api, connection.key);
      const place = { relay: connection.url, tenant, to: options.to };
      const stored = options.state === undefined ? null : readState(options.state, place);
      const secret = options.secret ?? stored?.secret ?? newSigningSecret();
      const { edrvSecret = null, edrvScheme, format, timeout: timeoutMs } = options;
      await runForward(
        {
          ...{ url: connection.url, key: connection.key, filter },
          from: stored?.cursor ?? options.from,
          place,
          stateFile: options.state ?? null,
          stations: stored?.stations ?? {},
          concurrency: options.concurrency,
          destination: { url: options.to, format, secret, edrvSecret, edrvScheme, timeoutMs },
          isSecretOurs: options.secret === undefined,
        },
        output,
      );
    });
}

function readOptions(given: unknown): z.infer<typeof ForwardOptions> {
  const parsed = ForwardOptions.safeParse(given);
  if (!parsed.success) {
    throw new UsageError(parsed.error.issues.map(({ message }) => message).join("\n"));
  }
  const { secret, from, format, edrvSecret } = parsed.data;
  if (secret !== undefined && !isSigningSecret(secret)) {
    throw new UsageError("--secret is whsec_ and base64, as the relay makes them");
  }
  if (from === "snapshot") {
    throw new UsageError("--from snapshot is no place among events; start, now or a cursor are");
  }
  if (format === "event" && edrvSecret !== undefined) {
    throw new UsageError("only --format raw can be signed as eDRV does");
  }
  return parsed.data;
}

function isSigningSecret(text: string): boolean {
  const bytes = text.startsWith("whsec_") ? fromBase64(text.slice("whsec_".length)) : null;
  return bytes !== null && bytes.length > 0;
}
