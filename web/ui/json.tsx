import { Copy } from "./copy.tsx";

/** JSON as a tree that folds; what is in it and in its parts is open, what lies deeper is folded. */
export function Json({ value, what }: { readonly value: unknown; readonly what: string }) {
  return (
    <div class="json">
      <div class="json-copy">
        <Copy text={JSON.stringify(value, null, 2)} what={what} />
      </div>
      <Node name={null} value={value} openLevels={2} />
    </div>
  );
}

function Node({
  name,
  value,
  openLevels,
}: {
  readonly name: string | null;
  readonly value: unknown;
  readonly openLevels: number;
}) {
  const label = name !== null && <span class="json-name">{name}: </span>;
  if (typeof value !== "object" || value === null) {
    return (
      <div class="json-leaf">
        {label}
        <span class={`json-${value === null ? "null" : typeof value}`}>
          {JSON.stringify(value)}
        </span>
      </div>
    );
  }
  const entries = Object.entries(value);
  const count = Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`;
  if (entries.length === 0) {
    return (
      <div class="json-leaf">
        {label}
        {Array.isArray(value) ? "[]" : "{}"}
      </div>
    );
  }
  return (
    <details open={openLevels > 0} class="json-branch">
      <summary>
        {label}
        <span class="quiet">{count}</span>
      </summary>
      {entries.map(([key, item]) => (
        <Node key={key} name={key} value={item} openLevels={openLevels - 1} />
      ))}
    </details>
  );
}
