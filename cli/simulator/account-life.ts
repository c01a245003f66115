import { ACCOUNT_RECORDS, type AccountRecord } from "./account-records.ts";
import type { Emitter } from "./emitter.ts";
import type { Random } from "./random.ts";
import type { Process } from "./schedule.ts";

const MINUTE = 60_000;
const MAX_RECORDS = 12;

interface Entry {
  readonly id: string;
  readonly createdAt: string;
  fields: object;
}

/** The office: users, rates, locations and groups are made, edited and removed. */
export function* keepAccount(emitter: Emitter, stationIds: () => readonly string[]): Process {
  const { random } = emitter;
  const shelves = new Map<AccountRecord, Entry[]>(ACCOUNT_RECORDS.map((record) => [record, []]));
  let deck: AccountRecord[] = [];
  for (;;) {
    yield 5_000 + random.exponential(2 * MINUTE);
    if (deck.length === 0) deck = random.shuffle(ACCOUNT_RECORDS);
    const record = deck.pop();
    const shelf = record === undefined ? undefined : shelves.get(record);
    if (record === undefined || shelf === undefined) continue;
    if (record.isSingle) single(emitter, record);
    else change(emitter, record, shelf, stationIds());
  }
}

function single(emitter: Emitter, record: AccountRecord): void {
  const createdAt = "2021-01-04T09:00:00.000Z";
  const id = "5ff2da300000000000000001";
  show(emitter, record, "updated", { id, createdAt, fields: record.fields(emitter.random, []) });
}

function change(
  emitter: Emitter,
  record: AccountRecord,
  shelf: Entry[],
  stationIds: readonly string[],
): void {
  const { random } = emitter;
  const verb = chooseVerb(random, record, shelf.length);
  const fields = record.fields(random, stationIds);
  if (verb === "created") {
    shelf.push({ id: emitter.mintId(), createdAt: emitter.date(), fields });
  }
  const entry = verb === "created" ? shelf.at(-1) : random.pick(shelf);
  if (entry === undefined) return;
  if (verb === "deleted") shelf.splice(shelf.indexOf(entry), 1);
  else entry.fields = fields;
  show(emitter, record, verb, entry);
}

function chooseVerb(random: Random, record: AccountRecord, count: number): string {
  if (count === 0) return "created";
  if (count >= MAX_RECORDS) return "deleted";
  return random.pick(["created", "updated", "updated", "deleted", ...record.furtherVerbs]);
}

function show(emitter: Emitter, record: AccountRecord, verb: string, entry: Entry): void {
  emitter.emit({
    type: `${record.name}.${verb}`,
    object: record.object,
    station: null,
    data: {
      _id: entry.id,
      ...entry.fields,
      createdAt: entry.createdAt,
      updatedAt: emitter.date(),
    },
  });
}
