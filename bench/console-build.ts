import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "vite";

/** A file of the console. */
export interface BuiltFile {
  readonly name: string;
  readonly text: string;
  readonly gzipped: number;
}

/** The console, built as it is deployed, and written nowhere. */
export async function buildConsole(): Promise<BuiltFile[]> {
  const built = await build({
    configFile: join(import.meta.dirname, "../web/vite.config.ts"),
    logLevel: "error",
    build: { write: false },
  });
  const outputs = [built].flat().flatMap((bundle) => ("output" in bundle ? bundle.output : []));
  return outputs.map((output) => {
    const content = output.type === "chunk" ? output.code : output.source;
    const bytes = Buffer.from(content);
    const gzipped = gzipSync(bytes, { level: 9 }).length;
    return { name: output.fileName, text: bytes.toString(), gzipped };
  });
}

/** What a browser loads before it asks for a page: the document, and what it names or its code imports. */
export function firstLoadOf(files: readonly BuiltFile[]): BuiltFile[] {
  const found = new Set<BuiltFile>();
  const visit = (name: string) => {
    const file = files.find((file) => file.name === name);
    if (file === undefined || found.has(file)) return;
    found.add(file);
    const named = name.endsWith(".html")
      ? [...file.text.matchAll(/(?:src|href)="\/([^"]+)"/g)]
      : [...file.text.matchAll(/(?:\bfrom|\bimport)\s*["'`]\.\/([^"'`]+)["'`]/g)].map(
          ([whole, path]) => [whole, `assets/${path}`],
        );
    for (const [, path] of named) if (path !== undefined) visit(path);
  };
  visit("index.html");
  return [...found];
}
