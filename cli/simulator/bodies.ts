import { costAmount, roundMoney, type Session } from "./session.ts";
import type { Connector, Rate, Station } from "./station.ts";

/** A chargestation with its connectors and their rates inlined, as eDRV sends it. */
export function chargestationBody(station: Station, raw: Connector | null = null): object {
  const at = station.emitter.date();
  return {
    _id: station.id,
    location: station.locationId,
    protocol: station.protocol,
    endpoint: station.endpoint,
    static_endpoint: station.endpoint,
    online: station.online,
    active: station.active,
    public: true,
    is_simulator: true,
    open_for_business: station.open,
    bootInfo: {
      chargeBoxSerialNumber: station.serialNumber,
      chargePointModel: station.maker[1],
      chargePointSerialNumber: station.serialNumber,
      chargePointVendor: station.maker[0],
      firmwareVersion: `V0.${station.firmware}.50.2770.P0`,
      iccid: `8988307000${station.serialNumber.slice(2)}42`,
      imsi: `2345000${station.serialNumber.slice(2)}`,
    },
    coordinates: station.coordinates,
    connectors: station.connectors.map((connector) =>
      connectorBody(station, connector, connector === raw),
    ),
    lastConnectAt: station.lastConnectAt,
    lastDisconnectAt: station.lastDisconnectAt,
    lastMessageAt: at,
    createdAt: station.createdAt,
    updatedAt: at,
    meta_data: { site: `Bay ${station.connectors.length}`, cost_centre: "4100" },
    configuration: { HeartbeatInterval: "240", MeterValueSampleInterval: "30" },
    connection_url: `ws://ocpp.example.com/${station.endpoint}`,
    security: { type: "basic" },
  };
}

function connectorBody(station: Station, connector: Connector, withRaw: boolean): object {
  return {
    _id: connector.id,
    rate: rateBody(connector.rate),
    active: station.active,
    status: connector.status,
    type: connector.type,
    format: connector.format,
    power_type: connector.powerType,
    power: connector.powerKw,
    chargestation: station.id,
    createdAt: connector.createdAt,
    updatedAt: connector.updatedAt,
    ...(station.protocol === "ocpp2.0.1" && { evseId: connector.number }),
    ...(withRaw && station.protocol === "ocpp2.0.1" && { raw_message: statusMessage(connector) }),
  };
}

function statusMessage(connector: Connector): object {
  return {
    timestamp: connector.updatedAt,
    connectorStatus: connector.status === "Available" ? "Available" : "Occupied",
    evseId: connector.number,
    connectorId: 1,
  };
}

function rateBody(rate: Rate): object {
  return {
    _id: rate.id,
    currency: rate.currency,
    price_components: [
      { type: "ENERGY", price: rate.pricePerKwh, tax: 0, step_size: 1 },
      { type: "TIME", price: rate.pricePerMinute, tax: 0, step_size: 1 },
    ],
  };
}

export function sessionBody(station: Station, connector: Connector, session: Session): object {
  const at = station.emitter.date();
  return {
    _id: session.id,
    user: session.userId,
    chargestation: station.id,
    connector: connector.id,
    status: session.status,
    rate: connector.rate.id,
    configurations: { include_raw_energy_report: session.withRawReport, include_id_tag: false },
    target: targetBody(session),
    metrics: {
      chargingStart: session.startedAt,
      ...(session.endedAt !== null && { chargingStop: session.endedAt }),
      meterStart: Math.round(session.meterStartWh),
      timezone: "Europe/Amsterdam",
      energyPeriod: session.periodMs / 1000,
      energyConsumed: Math.round(session.consumedWh),
      chargingState: connector.status,
      ...(session.stopReason !== null && { chargingStopReason: session.stopReason }),
    },
    ...(session.startedAt !== null && { energy_report: energyReport(connector, session, at) }),
    ...(session.withRawReport && {
      raw_energy_report: rawEnergyReport(connector, session, at),
    }),
    charging_activity: session.activity,
    cost: costBody(connector.rate, session),
    meta_data: { source: "app", app_version: "5.12.0" },
    createdAt: session.createdAt,
    updatedAt: at,
  };
}

function targetBody({ target }: Session): object {
  const none = { time: null, cost: null, energy: null, energy_start_time: null };
  if (target === null) return none;
  // The type says power, the target is an energy.
  const field = target.kind === "power" ? "energy" : target.kind;
  return { ...none, [field]: target.value };
}

function energyReport(connector: Connector, session: Session, at: string): object {
  return {
    timestamp: at,
    current: { value: amperes(session).toFixed(1), unit: "A" },
    power: { value: session.powerKw.toFixed(2), unit: "kW" },
    energy_meter: { value: (connector.meterWh / 1000).toFixed(3), unit: "kWh" },
    state_of_charge: { unit: "Percent", value: session.stateOfCharge.toFixed(0) },
  };
}

/** The OCPP MeterValues behind the report, in OCPP's own words. */
function rawEnergyReport(connector: Connector, session: Session, at: string): object {
  const sample = (measurand: string, value: string, unit: string) => ({
    value,
    context: "Sample.Periodic",
    format: "Raw",
    measurand,
    location: "Outlet",
    unit,
  });
  return {
    connectorId: connector.number,
    transactionId: Number.parseInt(session.id.slice(-6), 16),
    meterValue: [
      {
        timestamp: at,
        sampledValue: [
          sample("Energy.Active.Import.Register", connector.meterWh.toFixed(0), "Wh"),
          sample("Power.Active.Import", (session.powerKw * 1000).toFixed(0), "W"),
          sample("Current.Import", amperes(session).toFixed(1), "A"),
          sample("SoC", session.stateOfCharge.toFixed(0), "Percent"),
        ],
      },
    ],
  };
}

function amperes(session: Session): number {
  return (session.powerKw * 1000) / 400;
}

function costBody(rate: Rate, session: Session): object {
  const energy = session.energyByBlockWh.map((wattHours) =>
    costRow("ENERGY", Math.round(wattHours) / 1000, "kWh", rate.pricePerKwh),
  );
  const minutes = Math.floor(session.periodMs / 60_000);
  return {
    amount: costAmount(rate, session),
    currency: rate.currency,
    breakdown:
      session.startedAt === null
        ? []
        : [
            costRow("FLAT", 1, "session", rate.startFee),
            ...energy,
            costRow("TIME", minutes, "min", rate.pricePerMinute),
          ],
  };
}

function costRow(type: string, quantity: number, unit: string, unitPrice: number): object {
  return { type, quantity, unit, unitPrice, totalCost: roundMoney(quantity * unitPrice) };
}
