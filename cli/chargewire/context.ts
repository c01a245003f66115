import type { Command } from "commander";
import * as z from "zod";

import { Api } from "../relay/api.ts";
import { Output } from "./output.ts";
import { type Connection, findConnection } from "./profiles.ts";

/** The options that every command takes. */
const GlobalOptions = z.looseObject({
  json: z.boolean().default(false),
  profile: z.string().optional(),
  url: z.string().optional(),
});

/** What a command works with. */
export class Context {
  readonly output: Output;
  readonly profile: string | undefined;
  readonly url: string | undefined;
  #connection: Connection | null = null;

  constructor(command: Command) {
    const { json, profile, url } = GlobalOptions.parse(command.optsWithGlobals());
    this.output = new Output(json);
    this.profile = profile;
    this.url = url;
  }

  /** Looked for when it is first needed: `--help` and `simulate` need none. */
  get connection(): Connection {
    this.#connection ??= findConnection({
      url: this.url,
      profile: this.profile,
      env: process.env,
    });
    return this.#connection;
  }

  get api(): Api {
    return new Api(this.connection.url, this.connection.key);
  }
}
