import { session, signOut } from "../session/session.ts";
import { createApi } from "./api.ts";

/** The relay, as whoever is signed in. A key that is no longer valid ends the session. */
export const relay = createApi(
  () => session.value?.apiKey ?? "",
  () => {
    if (session.value !== null) signOut("Your key is no longer valid.");
  },
);
