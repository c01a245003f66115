// Prints what happens, from a Node program. With Node 22 or later (here: `npx node`, or a script):
//
//   RELAY=http://127.0.0.1:8787 TOKEN=… npx node examples/node.mjs [cursor]
//
// Ctrl-C ends it and prints the cursor with which a later run goes on.
import { connect } from "chargewire/client";

const subscription = connect({
  url: process.env.RELAY,
  token: process.env.TOKEN,
  from: process.argv[2] ?? "snapshot",
  // A filter, if not all is wanted:
  // filter: { types: ["session.*"], match: { "data.status": "Started" } },
  onStatus: (status) => console.error(status),
});
process.once("SIGINT", () => subscription.close());

// The next item comes when this one has been dealt with, however long it takes.
for await (const item of subscription) {
  switch (item.op) {
    case "event":
      console.log(item.event.station, item.event.seq, item.event.type);
      break;
    case "snapshot":
      for (const { station, seq, online } of item.stations) console.log(station, seq, { online });
      break;
    case "gap":
      console.log("events are missing:", item.reason);
  }
}
console.log("cursor:", subscription.cursor);
