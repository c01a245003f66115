import type { ComponentChildren } from "preact";

export interface ButtonProps {
  readonly kind?: "primary" | "plain" | "quiet" | "danger";
  readonly type?: "button" | "submit";
  readonly isBusy?: boolean;
  readonly isDisabled?: boolean;
  /** When the text alone does not say what it acts on. */
  readonly label?: string;
  readonly onClick?: (event: MouseEvent) => void;
  readonly children: ComponentChildren;
}

/** A busy button stays where it is and does nothing. */
export function Button(props: ButtonProps) {
  const { kind = "plain", type = "button", isBusy = false, isDisabled = false } = props;
  return (
    <button
      type={type}
      class={`button button-${kind}`}
      aria-busy={isBusy}
      aria-label={props.label}
      disabled={isDisabled || isBusy}
      onClick={props.onClick}
    >
      {props.children}
    </button>
  );
}
