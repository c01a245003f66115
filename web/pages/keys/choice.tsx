import { useId } from "preact/hooks";

/** One of a few, each with a word on what it means. */
export function Choice<T extends string>({
  legend,
  value,
  options,
  onChoose,
}: {
  readonly legend: string;
  readonly value: T;
  readonly options: readonly (readonly [value: T, title: string, about: string])[];
  readonly onChoose: (value: T) => void;
}) {
  const id = useId();
  return (
    <fieldset class="choice">
      <legend>{legend}</legend>
      {options.map(([option, title, about]) => (
        <div key={option} class="choice-option">
          <input
            id={`${id}-${option}`}
            type="radio"
            name={id}
            value={option}
            checked={option === value}
            aria-describedby={`${id}-${option}-about`}
            onChange={() => onChoose(option)}
          />
          <label for={`${id}-${option}`}>{title}</label>
          <small id={`${id}-${option}-about`} class="quiet">
            {about}
          </small>
        </div>
      ))}
    </fieldset>
  );
}
