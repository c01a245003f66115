import { signal } from "@preact/signals";

import { Button } from "../ui/button.tsx";

type Theme = "light" | "dark";

const STORED_AS = "chargewire.theme";
const stored = localStorage.getItem(STORED_AS);
/** What was chosen here; null follows the system. */
const theme = signal<Theme | null>(stored === "light" || stored === "dark" ? stored : null);
apply();

export function ThemeButton() {
  const isDark =
    (theme.value ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) ===
    "dark";
  return (
    <Button
      kind="quiet"
      onClick={() => {
        theme.value = isDark ? "light" : "dark";
        localStorage.setItem(STORED_AS, theme.value);
        apply();
      }}
    >
      {isDark ? "Light" : "Dark"}
    </Button>
  );
}

function apply(): void {
  if (theme.value !== null) document.documentElement.dataset.theme = theme.value;
}
