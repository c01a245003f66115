import * as z from "zod";

import { AppliedConfig, ShownConfig } from "../../src/domain/config-answers.ts";
import type { Answer, TestTenant } from "../support/api.ts";

export const URL = "https://hooks.example.com/in";

export interface PutOptions {
  readonly query?: string;
  readonly ifMatch?: string;
}

/** What a tenant's document is put by, and what it is then. */
export class TestConfig {
  readonly #tenant: TestTenant;

  constructor(tenant: TestTenant) {
    this.#tenant = tenant;
  }

  get(): Promise<Answer> {
    return this.#tenant.call("GET", "/v1/config");
  }

  put(document: unknown, { query = "", ifMatch }: PutOptions = {}): Promise<Answer> {
    const headers = ifMatch === undefined ? {} : { "if-match": ifMatch };
    return this.#tenant.call("PUT", `/v1/config${query}`, document, this.#tenant.key, headers);
  }

  dryRun(document: unknown): Promise<Answer> {
    return this.put(document, { query: "?dryRun=true" });
  }

  async document() {
    return ShownConfig.parse((await this.get()).body);
  }

  /** Everything that a change of the configuration could have changed. */
  async everything(): Promise<unknown> {
    const lists = ["/v1/sources?limit=200", "/v1/routes?limit=200", "/v1/audit?limit=200"];
    return Promise.all([this.document(), ...lists.map((path) => this.#tenant.items(path))]);
  }
}

export const planOf = ({ body }: Answer) => AppliedConfig.parse(body).plan;
/** `create source a` … */
export const stepsOf = (answer: Answer) =>
  planOf(answer).map(({ action, kind, name }) => `${action} ${kind} ${name}`);
export const tagOf = ({ headers }: Answer) => headers.get("etag") ?? "none";

const Issues = z.object({ issues: z.array(z.object({ path: z.string(), message: z.string() })) });
export const issuePathsOf = ({ body }: Answer) => Issues.parse(body).issues.map(({ path }) => path);
