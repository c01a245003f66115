import { useEffect, useRef, useState } from "preact/hooks";

import { session, signOut } from "../session/session.ts";
import { SimulatorBadge } from "../simulator/simulator-badge.tsx";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { ConnectionBadge } from "./connection-badge.tsx";
import { GapNotice } from "./gap-notice.tsx";
import { Logo } from "./logo.tsx";
import { PageView } from "./page-view.tsx";
import { PAGES } from "./pages.ts";
import { linkTo, place } from "./place.ts";
import { ThemeButton } from "./theme.tsx";

const GROUPS = ["Operate", "Deliver", "Receive", "Account"] as const;

/** Navigation, who is signed in, how the stream stands; and the page. */
export function Frame() {
  const [isOpen, setOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  const [name = PAGES[0]?.name ?? ""] = place.value.path;
  const key = session.value?.key;

  useEffect(() => setOpen(false), [place.value]);

  return (
    <div class="frame">
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the page
      </button>
      <header class="bar">
        <button
          type="button"
          class="menu-button"
          aria-expanded={isOpen}
          aria-controls="navigation"
          onClick={() => setOpen(!isOpen)}
        >
          Menu
        </button>
        <Logo />
        <span class="bar-tenant" title={key?.tenant.id}>
          {key?.tenant.name}
        </span>
        <span class="spacer" />
        <SimulatorBadge />
        <ConnectionBadge />
        {key?.role === "reader" && <Badge tone="info">read only</Badge>}
        <ThemeButton />
        <Button kind="quiet" onClick={() => signOut()}>
          Sign out
        </Button>
      </header>
      <nav id="navigation" class={isOpen ? "nav nav-open" : "nav"} aria-label="Pages">
        {GROUPS.map((group) => (
          <section key={group}>
            <h2>{group}</h2>
            <ul>
              {PAGES.filter((page) => page.group === group).map((page) => (
                <li key={page.name}>
                  <a
                    href={linkTo([page.name])}
                    // Its files are there by the time it is chosen.
                    onPointerEnter={() => void page.load().catch(() => {})}
                    onFocus={() => void page.load().catch(() => {})}
                    aria-current={page.name === name ? "page" : undefined}
                  >
                    {page.title}
                  </a>
                </li>
              ))}
            </ul>
          </section>
        ))}
        <p class="nav-foot">
          <a href="/docs">API reference</a>
        </p>
      </nav>
      <main ref={main} tabIndex={-1} class="main">
        <GapNotice />
        <PageView />
      </main>
    </div>
  );
}
