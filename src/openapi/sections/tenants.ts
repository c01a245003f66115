import { CreatedTenant, pageOf, Resealed, Tenant } from "../../domain/account-answers.ts";
import { NewTenant } from "../../domain/control.ts";
import { PageQuery } from "../../domain/page.ts";
import type { Section } from "../endpoint.ts";
import { CREATED, TENANT } from "../examples.ts";

const tenant = { id: TENANT, name: "Acme Charging", createdAt: CREATED };

export const tenants: Section = {
  name: "Tenants",
  about:
    "The organisations that use the relay. For its operator alone, whose key is a secret of the Worker.",
  endpoints: [
    {
      id: "createTenant",
      call: "POST /v1/tenants",
      summary: "Create a tenant",
      about: "The answer has its first API key, which is never shown again.",
      access: "operator",
      body: { schema: NewTenant, example: { name: "Acme Charging", id: TENANT } },
      answers: {
        201: {
          about: "Created.",
          schema: CreatedTenant,
          example: {
            id: TENANT,
            name: "Acme Charging",
            apiKey: "cw_acme_q2xah4u6wd3btzrck3n5v7q2xah4u6wdf5h7j3l5n7p2",
          },
        },
      },
      problems: { conflict: "The id is taken, or was." },
    },
    {
      id: "listTenants",
      call: "GET /v1/tenants",
      summary: "List the tenants",
      about: "By id.",
      access: "operator",
      query: PageQuery,
      answers: {
        200: { about: "A page.", schema: pageOf(Tenant), example: { items: [tenant], next: null } },
      },
    },
    {
      id: "getTenant",
      call: "GET /v1/tenants/{id}",
      summary: "Show a tenant",
      access: "operator",
      answers: { 200: { about: "The tenant.", schema: Tenant, example: tenant } },
    },
    {
      id: "resealTenant",
      call: "POST /v1/tenants/{id}/reseal",
      summary: "Seal a tenant's secrets under the master key of now",
      about:
        "After a change of the master key, at most 100 at a time. `npm run rotate-master-key` " +
        "does it for every tenant.",
      access: "operator",
      answers: {
        200: {
          about: "How far it has got.",
          schema: Resealed,
          example: { id: TENANT, resealed: 12, remaining: 0, unreadable: 0 },
        },
      },
    },
    {
      id: "deleteTenant",
      call: "DELETE /v1/tenants/{id}",
      summary: "Remove a tenant and everything of it",
      about: "Its sockets close at once, its stations are emptied one after the other.",
      access: "operator",
      answers: { 204: { about: "Removed." } },
    },
  ],
};
