import type { SignatureScheme } from "../../../../src/domain/signature.ts";
import { AuthFields } from "./auth-fields.tsx";
import type { RouteDraft } from "./draft.ts";
import { FilterField } from "./filter-field.tsx";
import { HeaderFields } from "./header-fields.tsx";
import { Select, TextInput } from "./inputs.tsx";
import { ScheduleField } from "./schedule-field.tsx";

export interface FieldsProps {
  readonly draft: RouteDraft;
  readonly set: (change: Partial<RouteDraft>) => void;
  /** The names of headers that the route has already; null for a new one. */
  readonly knownHeaders: readonly string[] | null;
}

/** All that a route consists of, in the order in which one thinks of it. */
export function Fields(props: FieldsProps) {
  return (
    <>
      <Destination {...props} />
      <Content {...props} />
      <fieldset>
        <legend>Signing in at the destination</legend>
        <AuthFields {...props} />
        <HeaderFields {...props} />
      </fieldset>
      <Patience {...props} />
      {props.draft.format === "raw" && <EdrvSignature {...props} />}
    </>
  );
}

function Destination({ draft, set }: FieldsProps) {
  return (
    <fieldset>
      <legend>Destination</legend>
      <TextInput
        label="Name"
        path="name"
        hint="For people."
        isRequired
        value={draft.name}
        onChange={(name) => set({ name })}
      />
      <TextInput
        label="Address"
        path="url"
        hint="A public https address, to the default port or 8443. Redirects are not followed."
        placeholder="https://billing.example.com/edrv"
        isRequired
        value={draft.url}
        onChange={(url) => set({ url })}
      />
    </fieldset>
  );
}

function Content({ draft, set }: FieldsProps) {
  return (
    <fieldset>
      <legend>What is sent</legend>
      <Select
        label="Format"
        path="format"
        value={draft.format}
        options={[
          ["raw", "raw: the exact bytes that eDRV sent"],
          ["event", "event: the relay's event, with the webhook in its body"],
        ]}
        onChange={(format) => set({ format })}
      />
      <FilterField draft={draft} set={set} />
    </fieldset>
  );
}

function Patience({ draft, set }: FieldsProps) {
  return (
    <fieldset>
      <legend>Patience and limits</legend>
      <ScheduleField value={draft.schedule} onChange={(schedule) => set({ schedule })} />
      <div class="form-columns">
        <Select
          label="After the last try"
          path="onExhausted"
          value={draft.onExhausted}
          options={[
            ["dead_letter", "keep it as a dead letter"],
            ["park", "stop the lane until somebody decides"],
            ["drop", "drop it"],
          ]}
          onChange={(onExhausted) => set({ onExhausted })}
        />
        <TextInput
          label="Timeout, in milliseconds"
          path="timeoutMs"
          isNumber
          hint="For an answer: 1000 to 30000."
          value={draft.timeoutMs}
          onChange={(timeoutMs) => set({ timeoutMs })}
        />
        <TextInput
          label="Requests per second"
          path="ratePerSecond"
          isNumber
          hint="Over all stations. Empty: no limit."
          value={draft.ratePerSecond}
          onChange={(ratePerSecond) => set({ ratePerSecond })}
        />
        <TextInput
          label="Requests in flight"
          path="concurrency"
          isNumber
          hint="Over all stations. Empty: no limit."
          value={draft.concurrency}
          onChange={(concurrency) => set({ concurrency })}
        />
      </div>
    </fieldset>
  );
}

const SCHEMES: readonly (readonly [SignatureScheme | "", string])[] = [
  ["", "as the newest source"],
  ["timestamped", "timestamped: time and body"],
  ["body", "body alone"],
  ["legacy", "legacy: body, no time in the header"],
];

function EdrvSignature({ draft, set, knownHeaders }: FieldsProps) {
  const { edrv } = draft;
  const change = (part: Partial<typeof edrv>) => set({ edrv: { ...edrv, ...part } });
  return (
    <fieldset>
      <legend>eDRV's own signature</legend>
      <Select
        label="Sign as eDRV does, too"
        path="edrvSecret"
        hint="For receivers written for eDRV: they get an edrv-signature header beside the relay's."
        value={edrv.mode}
        options={[
          ...(knownHeaders === null ? [] : [["keep", "leave it as it is"] as const]),
          ["off", "no"],
          ["on", "yes, with this secret"],
        ]}
        onChange={(mode) => change({ mode })}
      />
      {edrv.mode === "on" && (
        <div class="form-columns">
          <TextInput
            label="Secret"
            path="edrvSecret"
            isSecret
            value={edrv.secret}
            onChange={(secret) => change({ secret })}
          />
          <Select
            label="Scheme"
            path="edrvScheme"
            value={edrv.scheme}
            options={SCHEMES}
            onChange={(scheme) => change({ scheme })}
          />
        </div>
      )}
    </fieldset>
  );
}
