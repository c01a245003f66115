/** Numbers as people read them, with their units. A missing one is a dash. */
export function amount(value: number | null | undefined, digits = 0): string {
  if (value === null || value === undefined) return "–";
  return value.toLocaleString("en", { maximumFractionDigits: digits });
}

/** `7.4 kW`, of watts. */
export function power(watts: number | null): string {
  if (watts === null) return "–";
  return watts < 1_000 ? `${amount(watts)} W` : `${amount(watts / 1_000, 1)} kW`;
}

/** `12.3 kWh`, of watt hours. */
export function energy(wattHours: number | null): string {
  if (wattHours === null) return "–";
  return wattHours < 1_000 ? `${amount(wattHours)} Wh` : `${amount(wattHours / 1_000, 1)} kWh`;
}

/** `85 ms`, `1.2 s`, of milliseconds. */
export function latency(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "–";
  return ms < 1_000 ? `${amount(ms)} ms` : `${amount(ms / 1_000, 1)} s`;
}

/** `1.2 KiB`. */
export function size(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  if (bytes < 1_048_576) return `${amount(bytes / 1_024, 1)} KiB`;
  return `${amount(bytes / 1_048_576, 1)} MiB`;
}
