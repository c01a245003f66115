import type { AuthDraft } from "./draft.ts";
import type { FieldsProps } from "./fields.tsx";
import { Select, TextInput } from "./inputs.tsx";

type AuthText = Exclude<keyof AuthDraft, "type">;

const FIELDS_OF: Readonly<
  Record<AuthDraft["type"], readonly (readonly [AuthText, string, isSecret?: boolean])[]>
> = {
  keep: [],
  none: [],
  basic: [
    ["username", "User name"],
    ["password", "Password", true],
  ],
  bearer: [["token", "Token", true]],
  oauth2: [
    ["tokenUrl", "Token endpoint"],
    ["clientId", "Client id"],
    ["clientSecret", "Client secret", true],
    ["scope", "Scope (optional)"],
  ],
};

/** How the relay authenticates. What is set is never shown again. */
export function AuthFields({ draft: { auth }, set, knownHeaders }: FieldsProps) {
  const change = (part: Partial<AuthDraft>) => set({ auth: { ...auth, ...part } });
  return (
    <>
      <Select
        label="Authentication"
        path="auth"
        hint="Sealed at rest, and never shown again."
        value={auth.type}
        options={[
          ...(knownHeaders === null ? [] : [["keep", "leave it as it is"] as const]),
          ["none", "none: the signature is enough"],
          ["basic", "user name and password (Basic)"],
          ["bearer", "a fixed token (Bearer)"],
          ["oauth2", "OAuth 2 client credentials"],
        ]}
        onChange={(type) => change({ type })}
      />
      {FIELDS_OF[auth.type].length > 0 && (
        <div class="form-columns">
          {FIELDS_OF[auth.type].map(([field, label, isSecret = false]) => (
            <TextInput
              key={field}
              label={label}
              path={`auth.${field}`}
              isSecret={isSecret}
              value={auth[field]}
              onChange={(text) => change({ [field]: text })}
            />
          ))}
        </div>
      )}
    </>
  );
}
