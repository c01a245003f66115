import { WebSocket } from "ws";

import {
  type ConnectOptions,
  connect,
  type Filter,
  type Status,
  type Subscription,
} from "../../client/client.ts";

export interface StreamOptions
  extends Pick<ConnectOptions, "onEvent" | "onGap" | "onStatus" | "onError"> {
  readonly url: string;
  readonly key: string;
  readonly filter: Filter;
  readonly from: string;
  /** Gets each frame as the text that came, before what it brings is handed out. */
  readonly onFrame?: (text: string) => void;
}

/**
 * A subscription by the client library. Of Node's WebSockets that of `ws` is taken because it
 * tells with which status the relay refuses.
 */
export function openStream({ url, key, onFrame, ...options }: StreamOptions): Subscription {
  return connect({
    ...options,
    url,
    token: key,
    WebSocket: class extends WebSocket {
      constructor(address: string, protocols: string[]) {
        super(address, protocols, { perMessageDeflate: false });
        if (onFrame === undefined) return;
        // The first to listen hears first.
        this.on("message", (data, isBinary) => {
          if (!isBinary) onFrame(String(data));
        });
      }
    },
  });
}

export function statusLine(status: Status): string {
  switch (status.state) {
    case "connecting":
      return "Connecting …";
    case "catching_up":
      return status.behind === null
        ? "Connected; a snapshot comes in …"
        : `Connected; ${status.behind} events to catch up with …`;
    case "live":
      return "Live.";
    case "waiting":
      return `Not connected (${status.reason}); trying again ${soon(status.retryAtMs)}.`;
    case "closed":
      return status.reason === "asked"
        ? "Closed."
        : `The relay refused: ${status.code} ${status.detail}`;
  }
}

function soon(retryAtMs: number | null): string {
  if (retryAtMs === null) return "when what is here has been taken";
  return `in ${Math.max(0, (retryAtMs - Date.now()) / 1000).toFixed(1)} s`;
}
