export const STYLE = `
:root {
  color-scheme: light dark;
  --text: light-dark(#1c2024, #e6e8ea);
  --muted: light-dark(#5b6570, #9aa4ae);
  --page: light-dark(#fff, #111417);
  --raised: light-dark(#f4f6f8, #1a1e22);
  --line: light-dark(#dde2e7, #2c3238);
  --link: light-dark(#0b5cad, #7ab8f5);
  --get: light-dark(#0b6e4f, #5fd3a6);
  --post: light-dark(#0b5cad, #7ab8f5);
  --change: light-dark(#8a5a00, #e6b450);
  --delete: light-dark(#b3261e, #f28b82);
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { scroll-padding-top: 1rem; }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; color: var(--text); background: var(--page); }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
code, pre { font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
code { overflow-wrap: anywhere; }
p code, td code, li code { background: var(--raised); border-radius: 4px; padding: .1em .3em; }
.page { display: grid; grid-template-columns: 19rem minmax(0, 1fr); max-width: 86rem; margin: auto; }
nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.25rem 1rem; border-right: 1px solid var(--line); font-size: 14px; }
nav h2 { margin: 1rem 0 .2rem; font-size: 12px; letter-spacing: .05em; text-transform: uppercase; color: var(--muted); }
nav ul { list-style: none; margin: 0; padding: 0; }
nav li a { display: flex; gap: .5rem; padding: .15rem .3rem; border-radius: 4px; color: inherit; }
nav li a:hover { background: var(--raised); text-decoration: none; }
nav .method { flex: 0 0 3.4rem; }
#filter { width: 100%; padding: .45rem .6rem; font: inherit; color: inherit; background: var(--raised); border: 1px solid var(--line); border-radius: 6px; }
main { padding: 1.5rem 2rem 6rem; }
h1 { margin: 0 0 .5rem; }
main h2 { margin: 3rem 0 .3rem; padding-top: 1rem; border-top: 1px solid var(--line); }
main h3 { margin: 0; font-size: 1.1rem; }
main h4 { margin: 1.2rem 0 .3rem; font-size: 13px; color: var(--muted); }
article { margin: 1.5rem 0 2.5rem; }
article:target h3 { background: light-dark(#fff3c4, #3b3413); }
.call { display: flex; gap: .6rem; align-items: baseline; margin: .2rem 0 .6rem; font: 14px/1.5 ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.method { font: 600 11px/1.6 ui-monospace, Menlo, Consolas, monospace; }
.GET { color: var(--get); } .POST { color: var(--post); } .PATCH, .PUT { color: var(--change); } .DELETE { color: var(--delete); }
.who { color: var(--muted); font-size: 14px; }
table { width: 100%; border-collapse: collapse; font-size: 14px; }
td { padding: .35rem .6rem .35rem 0; vertical-align: top; border-top: 1px solid var(--line); }
td:first-child { width: 34%; }
td small { display: block; color: var(--muted); overflow-wrap: anywhere; }
td p { margin: 0; }
pre { position: relative; margin: .4rem 0; padding: .8rem; overflow-x: auto; background: var(--raised); border: 1px solid var(--line); border-radius: 6px; }
pre button { position: absolute; top: .4rem; right: .4rem; font: 12px system-ui, sans-serif; padding: .2rem .6rem; color: inherit; background: var(--page); border: 1px solid var(--line); border-radius: 4px; cursor: pointer; }
summary { cursor: pointer; color: var(--link); font-size: 14px; }
@media (max-width: 52rem) {
  .page { display: block; }
  nav { position: static; height: auto; max-height: 45vh; border-right: 0; border-bottom: 1px solid var(--line); }
  main { padding: 1rem 1rem 4rem; }
  td, td:first-child { display: block; width: auto; padding-right: 0; }
  td + td { border-top: 0; padding-top: 0; }
}
`;
