import { isActionType } from "../../src/domain/catalogue.ts";
import { Action, Chargestation, Session } from "../../src/domain/resources.ts";
import { isObject } from "../../src/domain/webhook.ts";

/** The one thing about an event that tells a reader most, or nothing. */
export function detailOf(type: string, body: unknown): string {
  const data = isObject(body) ? body.data : undefined;
  if (isActionType(type)) return actionDetail(data);
  if (type.startsWith("session.")) return sessionDetail(data);
  if (type.startsWith("chargestation.")) return stationDetail(type, data);
  return nameOf(data);
}

/** What an action is about, where it is one short value. */
const TELLING = new Set(["limit", "key", "requestedMessage", "id_tag", "listVersion"]);

function actionDetail(data: unknown): string {
  const action = Action.safeParse(data).data;
  const sent = isObject(action?.data) ? Object.entries(action.data) : [];
  const limit = sent.find(([name]) => TELLING.has(name));
  return limit === undefined ? (action?.status ?? "") : `${limit[0]} ${String(limit[1])}`;
}

function sessionDetail(data: unknown): string {
  const session = Session.safeParse(data).data;
  const power = session?.energy_report?.power;
  const soc = session?.energy_report?.state_of_charge;
  const energyWh = session?.metrics?.energyConsumed;
  const parts = [
    session?.status ?? "",
    power?.value == null ? "" : `${power.value} ${power.unit ?? ""}`.trim(),
    energyWh == null ? "" : `${(Number(energyWh) / 1000).toFixed(2)} kWh`,
    soc?.value == null ? "" : `${soc.value} %`,
  ];
  return parts.filter((part) => part !== "").join(", ");
}

function stationDetail(type: string, data: unknown): string {
  const station = Chargestation.safeParse(data).data;
  if (type === "chargestation.online" || type === "chargestation.offline") {
    return station?.protocol ?? "";
  }
  const counts = new Map<string, number>();
  for (const { status } of station?.connectors ?? []) {
    if (status != null) counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  return [...counts].map(([status, count]) => `${count} ${status}`).join(", ");
}

function nameOf(data: unknown): string {
  if (!isObject(data)) return "";
  const name = data.name ?? data.operatorName ?? data.physicalId ?? data.currency;
  return typeof name === "string" ? name : "";
}
