import { energy, power } from "../../ui/amount.ts";

type Fields = Readonly<Record<string, unknown>>;

const MAX_SUMMARY = 120;

/** What a body says in a few words, as far as it says what such bodies do. */
export function summaryOf(body: Fields): string {
  const data = fieldsOf(body.data);
  const metrics = fieldsOf(data.metrics);
  const watts = numberOf(fieldsOf(fieldsOf(data.energy_report).power).value);
  const unit = textOf(fieldsOf(fieldsOf(data.energy_report).power).unit)?.toLowerCase();
  const wattHours = numberOf(metrics.energyConsumed);
  const parts = [
    textOf(data.status),
    watts !== null && power(unit === "kw" ? watts * 1_000 : watts),
    wattHours !== null && energy(wattHours),
    ...connectorsOf(data.connectors),
    textOf(body.detail) ?? textOf(data.message),
  ];
  return parts
    .filter((part) => typeof part === "string")
    .join(" · ")
    .slice(0, MAX_SUMMARY);
}

function connectorsOf(connectors: unknown): string[] {
  if (!Array.isArray(connectors)) return [];
  return connectors.flatMap((connector) => textOf(fieldsOf(connector).status) ?? []);
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function numberOf(value: unknown): number | null {
  if (typeof value !== "number" && (typeof value !== "string" || value.trim() === "")) return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}
