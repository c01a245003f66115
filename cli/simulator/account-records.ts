import type { Random } from "./random.ts";

/** A kind of record that belongs to the organisation and to no single station. */
export interface AccountRecord {
  readonly name: string;
  readonly object: string;
  /** There is only one, and it can only be edited. */
  readonly isSingle: boolean;
  readonly furtherVerbs: readonly string[];
  readonly fields: (random: Random, stationIds: readonly string[]) => object;
}

const STREETS = ["Keizersgracht", "Damrak", "Rue des Écoles", "Königsallee", "Harbour Road"];
const FIRST_NAMES = ["Anna", "Björn", "Chloé", "Daan", "Esra", "Finn"];
const LAST_NAMES = ["de Vries", "Müller", "García", "Okafor", "Jansen"];

export const ACCOUNT_RECORDS: readonly AccountRecord[] = [
  record("location", { fields: location }),
  record("user", { fields: user }),
  record("rate", { fields: rate }),
  record("rate_schedule", { fields: rateSchedule }),
  record("rfid", { fields: rfid }),
  record("organization", { fields: organization, isSingle: true }),
  record("load_management.group", {
    object: "load_management_group",
    fields: loadManagementGroup,
    furtherVerbs: ["chargestation.added", "chargestation.removed"],
  }),
];

function record(
  name: string,
  rest: Partial<AccountRecord> & Pick<AccountRecord, "fields">,
): AccountRecord {
  return { name, object: name, isSingle: false, furtherVerbs: [], ...rest };
}

function address(random: Random): object {
  return {
    streetAndNumber: `${random.pick(STREETS)} ${random.integer(1, 240)}`,
    postalCode: `${random.integer(1000, 9999)} AB`,
    city: random.pick(["Amsterdam", "Utrecht", "Düsseldorf", "Liège"]),
    state: "",
    country: random.pick(["NLD", "DEU", "BEL"]),
  };
}

function location(random: Random): object {
  const openingHours = Object.fromEntries(
    Array.from({ length: 7 }, (_, day) => [day, [{ startTime: "06:00", endTime: "23:00" }]]),
  );
  return {
    active: true,
    operatorName: `Park & Charge ${random.integer(1, 90)}`,
    address: address(random),
    timezone: "Europe/Amsterdam",
    coordinates: [random.between(4.3, 6.8), random.between(51.4, 53.2)],
    meta_data: {},
    openingHours,
  };
}

function user(random: Random): object {
  const firstname = random.pick(FIRST_NAMES);
  return {
    active: true,
    firstname,
    lastname: random.pick(LAST_NAMES),
    email: `driver${random.integer(1, 9999)}@example.com`,
    address: address(random),
    phone: { mobile: `+3161234${random.integer(1000, 9999)}` },
    meta_data: {},
    wallet: { balance: random.integer(0, 9000), minimum_balance: 500, currency: "EUR" },
  };
}

function rate(random: Random): object {
  return {
    currency: "EUR",
    price_components: [
      { type: "ENERGY", price: random.integer(25, 79) / 100, tax: 21, step_size: 1 },
      { type: "PARKING_TIME", price: 0.1, tax: 21, step_size: 60, grace_period: 900 },
    ],
    minimum_amount: "1.00",
    active: true,
  };
}

function rateSchedule(random: Random): object {
  const window = (start: string, end: string) => ({
    target: { day_of_week: ["MON", "TUE", "WED", "THU", "FRI"], start_time: start, end_time: end },
    rate: { _id: inventId(random), ...rate(random) },
  });
  return {
    name: `Tariff ${random.integer(1, 20)}`,
    description: "Cheaper at night",
    currency: "EUR",
    active: true,
    layout: [window("07:00", "23:00"), window("23:00", "07:00")],
  };
}

/** For a record that no event is ever about. */
function inventId(random: Random): string {
  return `61${Array.from({ length: 22 }, () => random.integer(0, 15).toString(16)).join("")}`;
}

function rfid(random: Random): object {
  return {
    active: random.chance(0.9),
    physicalId: random.integer(0x10000000, 0x7fffffff).toString(16).toUpperCase(),
    type: random.pick(["ISO14443", "Central"]),
  };
}

function organization(random: Random): object {
  return {
    name: "Simulated Charging",
    support: { email: "support@example.com", phone: "+31201234567" },
    theme: { primary: `#${random.integer(0x100000, 0xffffff).toString(16)}` },
    configurations: { default_currency: "EUR" },
  };
}

function loadManagementGroup(random: Random, stationIds: readonly string[]): object {
  return {
    name: `Group ${random.integer(1, 30)}`,
    description: "Garage",
    notes: "",
    maximum_capacity: random.integer(50, 400),
    minimum_connector_capacity: 4,
    buffer: 0.1,
    chargestations: random.shuffle(stationIds.slice(0, 50)).slice(0, random.integer(0, 3)),
  };
}
