import type { Access } from "./endpoint.ts";

type Json = Readonly<Record<string, unknown>>;

/** What proves that one may make the call; any one of them. */
export const SECURITY: Readonly<Record<Access, readonly Json[]>> = {
  open: [],
  signature: [{ edrvSignature: [] }],
  operator: [{ operatorKey: [] }],
  reader: [{ apiKey: [] }],
  admin: [{ adminKey: [] }],
  grant: [{ apiKey: [] }, { subscriberToken: [] }],
  stream: [{ apiKey: [] }, { subscriberToken: [] }, { ticket: [] }],
};

const bearer = (description: string) => ({ type: "http", scheme: "bearer", description });

export const SECURITY_SCHEMES = {
  apiKey: bearer("An API key of the tenant, of any role: `cw_…`."),
  adminKey: bearer("An API key of the tenant of the role `admin`."),
  subscriberToken: bearer("Made by `POST /v1/tokens`, for a browser."),
  operatorKey: bearer("The operator's key: the Worker's secret `OPERATOR_KEY`."),
  ticket: {
    type: "apiKey",
    in: "query",
    name: "ticket",
    description: "Made by `POST /v1/tickets`, for `EventSource`.",
  },
  edrvSignature: {
    type: "apiKey",
    in: "header",
    name: "edrv-signature",
    description:
      "`t=<time>,v1=<hex>`: HMAC-SHA256 with the source's secret over `<time>.<body>` or over the " +
      "body, or `sha256=<hex>` over the body, as the source's `scheme` says.",
  },
};
