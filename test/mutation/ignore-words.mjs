import { declareValuePlugin, PluginKind } from "@stryker-mutator/api/plugin";

/** Calls whose arguments are words for people who read the API's documents, and nothing that runs. */
const DOCUMENTING = new Set(["describe", "meta"]);

/** Leaves the words of documents as they are: no unit test reads them. */
export const strykerPlugins = [
  declareValuePlugin(PluginKind.Ignore, "words", {
    shouldIgnore(path) {
      const call = path.listKey === "arguments" ? path.parent : null;
      const isDocument =
        call?.type === "CallExpression" &&
        call.callee.type === "MemberExpression" &&
        DOCUMENTING.has(call.callee.property.name);
      return isDocument ? "words for the API's documents" : undefined;
    },
  }),
];
