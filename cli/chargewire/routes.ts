import type { Command } from "commander";
import * as z from "zod";

import { readDuration } from "./arguments.ts";
import { Context } from "./context.ts";
import { fields } from "./output.ts";
import { all, findRoute, listRoutes, Route } from "./resources.ts";
import { healthOf, routeRows } from "./status.ts";

const TestResult = z.looseObject({
  class: z.string(),
  status: z.number().nullable(),
  error: z.string().nullable(),
  latencyMs: z.number(),
  snippet: z.string(),
});

const Rotated = z.looseObject({ id: z.string(), secret: z.string() });

const EXAMPLES = `
A route is named by its id or its name.

Examples:
  chargewire routes list
  chargewire routes test billing --type session.updated
  chargewire routes pause billing
  chargewire routes rotate-secret billing --expire-previous-after 2d`;

export function addRoutes(program: Command): void {
  const routes = program
    .command("routes")
    .description("the HTTP destinations")
    .addHelpText("after", EXAMPLES);

  routes
    .command("list", { isDefault: true })
    .description("all routes and how they are doing")
    .action(async (_options: unknown, command: Command) => {
      const { api, output } = new Context(command);
      output.result(await all(listRoutes(api)), (list) =>
        list.length === 0 ? "There are no routes." : routeRows(list, output),
      );
    });

  routes
    .command("show <route>")
    .description("one route with all its settings")
    .action(async (given: string, _options: unknown, command: Command) => {
      const { api, output } = new Context(command);
      output.result(await findRoute(api, given), (route) => fields(Object.entries(route)));
    });

  for (const [action, description] of [
    ["pause", "stop attempts and keep events"],
    ["resume", "end a pause or a disabling, each lane where it stood"],
  ] as const) {
    routes
      .command(`${action} <route>`)
      .description(description)
      .action(async (given: string, _options: unknown, command: Command) => {
        const { api, output } = new Context(command);
        const { id } = await findRoute(api, given);
        const route = await api.post(`/v1/routes/${id}/${action}`, undefined, Route);
        output.result(route, () => `${route.name} is ${healthOf(route)}.`);
      });
  }

  routes
    .command("test <route>")
    .description("try the destination now, with a webhook made for it")
    .option("--type <type>", "the type of that webhook")
    .action(async (given: string, { type }: { type?: string }, command: Command) => {
      const { api, output } = new Context(command);
      const { id, name } = await findRoute(api, given);
      const result = await api.post(`/v1/routes/${id}/test`, type && { type }, TestResult);
      output.result(result, ({ status, error, latencyMs, snippet }) => [
        `${name}: ${result.class}, ${status === null ? error : `HTTP ${status}`} in ${latencyMs} ms`,
        ...(snippet === "" ? [] : fields([["answer", snippet]])),
      ]);
      if (result.class !== "delivered") process.exitCode = 1;
    });

  routes
    .command("rotate-secret <route>")
    .description("a new signing secret, shown once")
    .option("--expire-previous-after <time>", "how long those before go on signing", readDuration)
    .action(async (given: string, options: { expirePreviousAfter?: number }, command: Command) => {
      const { api, output } = new Context(command);
      const { id, name } = await findRoute(api, given);
      const overlapMs = options.expirePreviousAfter;
      const body = {
        ...(overlapMs !== undefined && { expirePreviousAfterSeconds: overlapMs / 1000 }),
      };
      const rotated = await api.post(`/v1/routes/${id}/rotate-secret`, body, Rotated);
      output.result(rotated, ({ secret }) => [
        `The new signing secret of ${name}, which is not shown again:`,
        secret,
      ]);
    });
}
