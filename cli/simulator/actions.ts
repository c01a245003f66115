import type { Random } from "./random.ts";
import type { Connector } from "./station.ts";

export interface Command {
  readonly name: string;
  /** What the command is about decides whether a connector or a session must be there. */
  readonly about: "chargestation" | "connector" | "session";
  readonly request: (random: Random, connector: Connector) => object;
  readonly response: (random: Random, connector: Connector) => object;
}

const accepted = () => ({ status: "Accepted" });
const nothing = () => ({});
const powerLimit = (random: Random, connector: Connector) => ({
  limit: random.integer(3, Math.ceil(connector.powerKw)),
  unit: "kW",
});

function powerCommands(about: Command["about"]): readonly Command[] {
  return [
    { name: `${about}.set_power_limit`, about, request: powerLimit, response: accepted },
    { name: `${about}.clear_power_limit`, about, request: nothing, response: accepted },
  ];
}

function stationCommand(
  name: string,
  request: Command["request"],
  response: Command["response"] = accepted,
): Command {
  return { name: `chargestation.${name}`, about: "chargestation", request, response };
}

/** Everything an operator can ask of a station; authorisation is the driver's, not here. */
export const COMMANDS: readonly Command[] = [
  ...powerCommands("session"),
  ...powerCommands("connector"),
  ...powerCommands("chargestation"),
  stationCommand("get_configuration", nothing, configuration),
  stationCommand("update_configuration", (random) => ({
    key: "MeterValueSampleInterval",
    value: String(random.pick([10, 30, 60])),
  })),
  stationCommand("trigger_message", (_random, connector) => ({
    requestedMessage: "StatusNotification",
    connectorId: connector.number,
  })),
  stationCommand("get_local_list_version", nothing, (random) => ({
    listVersion: random.integer(1, 90),
  })),
  stationCommand("send_local_list", localList),
  stationCommand("get_composite_schedule", () => ({ duration: 86_400 }), compositeSchedule),
  stationCommand("set_charging_profile", chargingProfile),
  stationCommand("clear_charging_profile", (random) => ({ id: random.integer(1, 40) })),
  stationCommand(
    "get_diagnostics",
    () => ({ location: "ftp://files.example.com/diagnostics", retries: 3, retryInterval: 60 }),
    (random) => ({ fileName: `diagnostics-${random.integer(1000, 9999)}.zip` }),
  ),
  stationCommand("update_firmware", (random) => ({
    location: `https://files.example.com/firmware/${random.integer(20, 60)}.bin`,
    retries: 3,
  })),
];

const CONFIGURATION_KEYS = [
  "AllowOfflineTxForUnknownId",
  "AuthorizationCacheEnabled",
  "AuthorizeRemoteTxRequests",
  "ClockAlignedDataInterval",
  "ConnectionTimeOut",
  "GetConfigurationMaxKeys",
  "HeartbeatInterval",
  "LocalAuthorizeOffline",
  "LocalPreAuthorize",
  "MeterValuesAlignedData",
  "MeterValuesSampledData",
  "MeterValueSampleInterval",
  "NumberOfConnectors",
  "ResetRetries",
  "StopTransactionOnEVSideDisconnect",
  "StopTransactionOnInvalidId",
  "TransactionMessageAttempts",
  "TransactionMessageRetryInterval",
  "UnlockConnectorOnEVSideDisconnect",
  "WebSocketPingInterval",
] as const;

function configuration(random: Random): object {
  return {
    configurationKey: CONFIGURATION_KEYS.map((key) => ({
      key,
      readonly: random.chance(0.2),
      value: String(random.integer(0, 300)),
    })),
    unknownKey: [],
  };
}

function localList(random: Random): object {
  return {
    listVersion: random.integer(1, 90),
    updateType: "Differential",
    localAuthorizationList: Array.from({ length: random.integer(1, 4) }, () => ({
      idTag: random.integer(0x10000000, 0x7fffffff).toString(16).toUpperCase(),
      idTagInfo: { status: "Accepted" },
    })),
  };
}

function compositeSchedule(random: Random, connector: Connector): object {
  return {
    status: "Accepted",
    connectorId: connector.number,
    chargingSchedule: {
      duration: 86_400,
      chargingRateUnit: "A",
      chargingSchedulePeriod: [{ startPeriod: 0, limit: random.integer(6, 32) }],
    },
  };
}

function chargingProfile(random: Random, connector: Connector): object {
  return {
    connectorId: connector.number,
    csChargingProfiles: {
      chargingProfileId: random.integer(1, 40),
      stackLevel: 0,
      chargingProfilePurpose: "TxDefaultProfile",
      chargingProfileKind: "Absolute",
      chargingSchedule: {
        chargingRateUnit: "A",
        chargingSchedulePeriod: [{ startPeriod: 0, limit: random.integer(6, 32) }],
      },
    },
  };
}
