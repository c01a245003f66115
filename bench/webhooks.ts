import { createHmac, randomBytes } from "node:crypto";

/** A webhook as it goes over the socket, signed and ready. */
export interface SignedWebhook {
  readonly id: string;
  readonly station: string;
  readonly bytes: Buffer;
}

/** Where webhooks go, and how they are signed. */
export interface Door {
  /** Of every source; they take turns, so that no limit of one is met. */
  readonly paths: readonly string[];
  readonly secret: string;
}

export interface WebhookPlan {
  readonly count: number;
  readonly stations: number;
  /** The first station's number, so that cases need not share any. */
  readonly firstStation?: number;
  readonly isForged?: boolean;
}

/** Together with what is around it, a body takes about 1.2 KB, as eDRV's do. */
const PADDING = "x".repeat(880);

/** Webhooks for stations in turn, made before anything is timed. */
export function signWebhooks(
  door: Door,
  { count, stations, firstStation = 0, isForged = false }: WebhookPlan,
): SignedWebhook[] {
  const secret = isForged ? `${door.secret}, forged` : door.secret;
  return Array.from({ length: count }, (_, index) => {
    const id = newObjectId();
    const station = stationId(firstStation + (index % stations));
    const body = Buffer.from(bodyOf(id, station));
    const t = Date.now();
    const v1 = createHmac("sha256", secret).update(`${t}.`).update(body).digest("hex");
    const head =
      `POST ${door.paths[index % door.paths.length]} HTTP/1.1\r\nhost: bench\r\n` +
      `content-type: application/json\r\nedrv-signature: t=${t},v1=${v1}\r\n` +
      `content-length: ${body.length}\r\n\r\n`;
    return { id, station, bytes: Buffer.concat([Buffer.from(head), body]) };
  });
}

export function stationId(number: number): string {
  return number.toString(16).padStart(24, "a");
}

/** Begins with the second in which it was made, as eDRV's ids do. */
function newObjectId(): string {
  return Math.floor(Date.now() / 1000).toString(16) + randomBytes(8).toString("hex");
}

function bodyOf(id: string, chargestation: string): string {
  const createdAt = new Date().toISOString();
  const data = {
    _id: `5e${chargestation.slice(2)}`,
    chargestation,
    status: "started",
    metrics: { energyConsumed: 1234, chargingStart: createdAt },
    energy_report: { power: { value: "7.4", unit: "kW" }, state_of_charge: { value: 61 } },
    note: PADDING,
  };
  return JSON.stringify({ _id: id, type: "session.updated", object: "session", data, createdAt });
}
