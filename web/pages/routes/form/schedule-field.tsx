import { Button } from "../../../ui/button.tsx";
import { TextInput } from "./inputs.tsx";
import { DEFAULT_SCHEDULE, describeSchedule, readSchedule } from "./schedule.ts";

/** The waits between tries of one event, as durations. */
export function ScheduleField({
  value,
  onChange,
}: {
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  const read = readSchedule(value);
  return (
    <div class="stack">
      <TextInput
        label="Waits between tries of one event"
        path="retry.scheduleSeconds"
        hint={`Each spread by 20 %. ${read.ok ? describeSchedule(read.waits) : `Not readable: ${read.message}.`}`}
        value={value}
        onChange={onChange}
      />
      {value !== DEFAULT_SCHEDULE && (
        <div class="row">
          <Button kind="quiet" onClick={() => onChange(DEFAULT_SCHEDULE)}>
            Use the default
          </Button>
          <small class="quiet">{DEFAULT_SCHEDULE}</small>
        </div>
      )}
    </div>
  );
}
