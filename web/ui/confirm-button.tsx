import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { Button, type ButtonProps } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { useAction } from "./use-action.ts";

export interface ConfirmButtonProps {
  readonly children: ComponentChildren;
  readonly kind?: ButtonProps["kind"];
  /** When the text alone does not say what it acts on. */
  readonly label?: string;
  readonly title: string;
  /** What will be the case afterwards. */
  readonly consequence: ComponentChildren;
  /** The verb on the button that does it. */
  readonly verb: string;
  readonly act: () => Promise<unknown>;
  readonly done: string;
}

/** For what cannot be taken back: says what it will do, and asks. */
export function ConfirmButton(props: ConfirmButtonProps) {
  const [isOpen, setOpen] = useState(false);
  const action = useAction(props.act, props.done);
  const { kind = "danger", label } = props;
  return (
    <>
      <Button kind={kind} {...(label !== undefined && { label })} onClick={() => setOpen(true)}>
        {props.children}
      </Button>
      {isOpen && (
        <Dialog title={props.title} onClose={() => setOpen(false)}>
          <div>{props.consequence}</div>
          <div class="row row-end">
            <Button onClick={() => setOpen(false)}>Leave it</Button>
            <Button
              kind={kind}
              isBusy={action.isRunning}
              onClick={async () => {
                if (await action.run()) setOpen(false);
              }}
            >
              {props.verb}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}
