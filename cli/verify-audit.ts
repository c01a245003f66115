import * as z from "zod";

import { type AuditReport, AuditVerifier } from "../src/domain/audit-chain.ts";
import { Api } from "./relay/api.ts";
import { readOptions, runCommand } from "./relay/command-line.ts";
import { UsageError } from "./simulator/command-line.ts";

const KEY_VARIABLE = "CHARGEWIRE_KEY";

const HELP = `Reads a tenant's audit log, all of it, and checks that each entry is the one that was written and
continues the one before it.

${KEY_VARIABLE}=cw_… npm run verify-audit -- --url URL [--known HASH …]

  --url URL      the relay
  --known HASH   a newest hash that an earlier run has printed: the log still has to contain it.
                 Without one a log whose newest entries are gone, or that was written anew as a
                 whole, looks like any other. Of 10,000 entries ago or more, it is gone rightly.
  --help

The key, of any role, comes from ${KEY_VARIABLE}, so that it is in no list of processes.

Exit code: 0 when the chain holds, 1 when not or when the log cannot be read, 2 for a wrong option.`;

const Hash = z.string().nullable();
const Entry = z.object({
  number: z.int(),
  at: z.string(),
  key: z.string().nullable(),
  action: z.string(),
  target: z.string(),
  detail: z.unknown(),
  hash: Hash,
  previousHash: Hash,
});

async function main(): Promise<number> {
  const values = readOptions({
    url: { type: "string" },
    known: { type: "string", multiple: true, default: [] },
    help: { type: "boolean", default: false },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const report = await verify(openApi(values.url), values.known);
  for (const line of describe(report)) console.log(line);
  return report.firstBreak === null ? 0 : 1;
}

function openApi(url: string | undefined): Api {
  if (url === undefined || !URL.canParse(url)) throw new UsageError("--url names the relay");
  const key = process.env[KEY_VARIABLE];
  if (key === undefined || key === "") throw new UsageError(`${KEY_VARIABLE} is not set`);
  return new Api(url.replace(/\/+$/, ""), key);
}

async function verify(api: Api, known: readonly string[]): Promise<AuditReport> {
  const verifier = new AuditVerifier(known);
  for await (const entry of api.list("/v1/audit", Entry)) verifier.take(entry);
  // Entries may have been added meanwhile, and as many of the oldest have gone.
  const newest = await api.get("/v1/audit?limit=1", z.object({ items: z.array(Entry) }));
  return verifier.finish(newest.items[0]?.number);
}

function describe({ count, unchained, head, firstBreak }: AuditReport): string[] {
  const before = unchained === 0 ? "" : `, ${unchained} of them from before the log was chained`;
  return [
    `${count} entries${before}`,
    `newest hash: ${head ?? "none"}`,
    firstBreak === null
      ? "The chain holds."
      : `The chain breaks at entry ${firstBreak.number}: ${firstBreak.reason}.`,
  ];
}

await runCommand("verify-audit", main);
