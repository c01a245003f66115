import "uplot/dist/uPlot.min.css";

import { useEffect, useRef, useState } from "preact/hooks";
import UPlot from "uplot";

import { amount } from "../../ui/amount.ts";
import { Clock } from "../../ui/time.tsx";
import type { PlotData } from "./series.ts";

export interface PlotProps {
  readonly title: string;
  /** What is shown, and how far it is to be trusted. */
  readonly about: string;
  readonly unit: string;
  readonly data: PlotData;
  /** Grows when the colours of the page have changed. */
  readonly scheme: number;
}

const HEIGHT = 220;

/**
 * Lines over time. Their newest and largest values stand below, as a table for everybody; those under
 * the pointer take the place of the newest.
 */
export function Plot({ title, about, unit, data, scheme }: PlotProps) {
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const [pointed, setPointed] = useState<number | null>(null);
  const names = data.series.map(({ name }) => name).join();

  useEffect(() => {
    const { current } = element;
    if (current === null) return;
    const made = new UPlot(optionsOf(current, data, unit, setPointed), alignedOf(data), current);
    plot.current = made;
    const observer = new ResizeObserver(() =>
      made.setSize({ width: current.clientWidth, height: HEIGHT }),
    );
    observer.observe(current);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [names, unit, scheme]);
  useEffect(() => plot.current?.setData(alignedOf(data)), [data]);

  return (
    <figure class="card chart">
      <figcaption>
        <h2>{title}</h2>
        <p class="quiet">{about}</p>
      </figcaption>
      <div ref={element} aria-hidden="true" />
      <Values {...{ data, unit, title, pointed }} />
    </figure>
  );
}

function Values({
  data,
  unit,
  title,
  pointed,
}: {
  readonly data: PlotData;
  readonly unit: string;
  readonly title: string;
  /** Which of the times is pointed at. */
  readonly pointed: number | null;
}) {
  const pointedAt = pointed === null ? undefined : data.times[pointed];
  return (
    <table class="chart-values">
      <caption class="visually-hidden">{title}</caption>
      <thead>
        <tr>
          <th scope="col">Line</th>
          <th scope="col" class="number">
            {pointedAt === undefined ? "Newest" : <Clock at={pointedAt * 1_000} />}, {unit}
          </th>
          <th scope="col" class="number">
            Largest, {unit}
          </th>
        </tr>
      </thead>
      <tbody>
        {data.series.map(({ name, colour, values }) => {
          const known = values.filter((value) => value !== null);
          return (
            <tr key={name}>
              <th scope="row">
                <span class={`chart-key chart-${colour}`} aria-hidden="true" /> {name}
              </th>
              <td class="number">
                {amount(
                  pointed === null || pointedAt === undefined ? known.at(-1) : values[pointed],
                  1,
                )}
              </td>
              <td class="number">
                {amount(known.length === 0 ? null : known.reduce((a, b) => Math.max(a, b)), 1)}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function alignedOf({ times, series }: PlotData): UPlot.AlignedData {
  return [[...times], ...series.map(({ values }) => [...values])];
}

function optionsOf(
  element: HTMLElement,
  { series }: PlotData,
  unit: string,
  onPoint: (index: number | null) => void,
): UPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: resolved(element, "--text-quiet"),
    grid: { stroke: resolved(element, "--line"), width: 1 },
    ticks: { stroke: resolved(element, "--line"), width: 1 },
    font: `12px ${colour("--font")}`,
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? null)] },
    cursor: { drag: { x: false, y: false } },
    scales: { y: { range: (_plot, _low, high) => [0, Math.max(high * 1.1, 1)] } },
    axes: [
      { ...axis, values: clockLabels },
      { ...axis, values: numberLabels, size: 56, label: unit, labelSize: 16, labelFont: axis.font },
    ],
    series: [
      {},
      ...series.map((one) => ({
        label: one.name,
        stroke: resolved(element, `--chart-${one.colour}`),
        width: 2,
        spanGaps: false,
      })),
    ],
  };
}

const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const numberLabels = (_plot: UPlot, values: readonly number[]) =>
  values.map((value) => COMPACT.format(value));

/** As all the console's times: of 24 hours; with seconds where the marks are close. */
function clockLabels(
  _plot: UPlot,
  times: readonly number[],
  _axis: number,
  _space: number,
  stepS: number,
): string[] {
  const digits = "2-digit";
  const seconds = stepS < 60 ? ({ second: digits } as const) : {};
  const format = { hour: digits, minute: digits, hour12: false, ...seconds } as const;
  return times.map((at) => new Date(at * 1_000).toLocaleTimeString(undefined, format));
}

/** The colour that a token has in the present scheme; a canvas knows nothing of tokens. */
function resolved(element: HTMLElement, token: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
