import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
} from "@tanstack/virtual-core";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

export interface VirtualListProps<T> {
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string | number;
  /** Pixels; every row has this height. */
  readonly rowHeight: number;
  readonly row: (item: T, index: number) => ComponentChildren;
  readonly label: string;
  /** Keeps the end in view as the list grows. */
  readonly isFollowing?: boolean;
  /** When it becomes true, the beginning comes into view. */
  readonly isAtStart?: boolean;
  /** Told when it is scrolled: whether the end is in view now, and whether the beginning is. */
  readonly onScroll?: (isAtEnd: boolean, isAtStart: boolean) => void;
}

/** A list of any length that draws the rows in view alone. */
export function VirtualList<T>(props: VirtualListProps<T>) {
  const {
    items,
    keyOf,
    rowHeight,
    row,
    label,
    isFollowing = false,
    isAtStart = false,
    onScroll,
  } = props;
  const element = useRef<HTMLElement>(null);
  const [, redraw] = useState(0);
  const made = useRef<Virtualizer<HTMLElement, Element> | null>(null);
  const options = {
    count: items.length,
    getScrollElement: () => element.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => redraw((times) => times + 1),
  };
  made.current ??= new Virtualizer(options);
  const virtualizer = made.current;
  virtualizer.setOptions(options);

  useEffect(() => virtualizer._didMount(), [virtualizer]);
  useLayoutEffect(() => virtualizer._willUpdate());
  useLayoutEffect(() => {
    const { current } = element;
    if (isFollowing && current !== null) current.scrollTop = current.scrollHeight;
  }, [isFollowing, items]);
  useLayoutEffect(() => {
    if (isAtStart) element.current?.scrollTo({ top: 0 });
  }, [isAtStart]);

  return (
    <section
      ref={element}
      class="virtual"
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it.
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) =>
        onScroll?.(scrollTop + clientHeight >= scrollHeight - rowHeight, scrollTop < rowHeight)
      }
    >
      <ol class="virtual-inner" style={{ height: `${virtualizer.getTotalSize()}px` }}>
        {virtualizer.getVirtualItems().map(({ index, start }) => {
          const item = items[index];
          if (item === undefined) return null;
          return (
            <li
              key={keyOf(item)}
              class="virtual-row"
              style={{ height: `${rowHeight}px`, transform: `translateY(${start}px)` }}
            >
              {row(item, index)}
            </li>
          );
        })}
      </ol>
    </section>
  );
}
