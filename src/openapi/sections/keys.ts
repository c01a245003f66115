import { CreatedKey, CurrentKey, Key, pageOf } from "../../domain/account-answers.ts";
import { NewKey } from "../../domain/control.ts";
import { PageQuery } from "../../domain/page.ts";
import type { Section } from "../endpoint.ts";
import { CREATED, KEY, TENANT } from "../examples.ts";

const key = { id: KEY, name: "Dashboard", role: "reader", hint: "…n7p2", createdAt: CREATED };

export const keys: Section = {
  name: "Keys",
  about: "API keys, 200 at most. A key is shown once; the relay keeps its hash.",
  endpoints: [
    {
      id: "listKeys",
      call: "GET /v1/keys",
      summary: "List the keys",
      access: "reader",
      query: PageQuery,
      answers: {
        200: { about: "A page.", schema: pageOf(Key), example: { items: [key], next: null } },
      },
    },
    {
      id: "showCurrentKey",
      call: "GET /v1/keys/current",
      summary: "Show the key that asks",
      about: "What a program that was handed a key may do with it, and where.",
      access: "reader",
      answers: {
        200: {
          about: "The key, and the tenant that it opens.",
          schema: CurrentKey,
          example: { ...key, tenant: { id: TENANT, name: "Acme Charging" } },
        },
      },
    },
    {
      id: "createKey",
      call: "POST /v1/keys",
      summary: "Create a key",
      access: "admin",
      body: { schema: NewKey, example: { name: "Dashboard", role: "reader" } },
      answers: {
        201: {
          about: "Created.",
          schema: CreatedKey,
          example: { ...key, apiKey: "cw_acme_b3xah4u6wd3btzrck3n5v7q2xah4u6wdf5h7j3l5n7p2" },
        },
      },
      problems: { limit_reached: "There are 200." },
    },
    {
      id: "deleteKey",
      call: "DELETE /v1/keys/{id}",
      summary: "Delete a key",
      about: "Closes its sockets (4001) and voids the tokens and tickets that it made.",
      access: "admin",
      answers: { 204: { about: "Deleted." } },
    },
  ],
};
