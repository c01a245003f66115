import { EVENT, OCCURRED, STATION } from "./examples.ts";

export const WEBHOOK = {
  _id: EVENT,
  data: {
    _id: "62b1c19482f1fc562109c551",
    chargestation: STATION,
    connector: "6192dea22df1431ea2c4720e",
    status: "Started",
  },
  object: "session",
  type: "session.updated",
  createdAt: OCCURRED,
};
