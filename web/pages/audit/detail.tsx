type Fields = Readonly<Record<string, unknown>>;

/** What changed, before and after; or what else the entry tells. */
export function Detail({ detail }: { readonly detail: Fields }) {
  const { changed, before, after, ...rest } = detail;
  const names = Array.isArray(changed) ? changed.map(String) : [];
  const others = Object.entries(rest);
  return (
    <>
      {names.length > 0 && (
        <Difference names={names} before={fieldsOf(before)} after={fieldsOf(after)} />
      )}
      {others.length > 0 && (
        <dl class="facts">
          {others.map(([name, value]) => [
            <dt key={`${name}-name`}>{name}</dt>,
            <dd key={name}>
              <Value value={value} />
            </dd>,
          ])}
        </dl>
      )}
    </>
  );
}

function Difference({
  names,
  before,
  after,
}: {
  readonly names: readonly string[];
  readonly before: Fields;
  readonly after: Fields;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it.
    <section class="table-box" aria-label="What changed" tabIndex={0}>
      <table class="table audit-diff">
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">Before</th>
            <th scope="col">After</th>
          </tr>
        </thead>
        <tbody>
          {names.map((name) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {Object.hasOwn(after, name) ? (
                <>
                  <td>
                    <Value value={before[name]} />
                  </td>
                  <td>
                    <Value value={after[name]} />
                  </td>
                </>
              ) : (
                <td colSpan={2} class="quiet">
                  was set; secrets are not logged
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Value({ value }: { readonly value: unknown }) {
  if (value === undefined || value === null) return <span class="quiet">none</span>;
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 1);
  return <code class="audit-value">{text}</code>;
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
