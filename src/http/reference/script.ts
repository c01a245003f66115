/** The page works without it. It filters the endpoints, and copies examples. */
export const SCRIPT = `
const filter = document.querySelector("#filter");
const entries = [...document.querySelectorAll("[data-search]")];
const groups = [...document.querySelectorAll("[data-group]")];
const none = document.querySelector("#none");
filter.parentElement.hidden = false;
const apply = () => {
  const words = filter.value.toLowerCase().split(/\\s+/).filter(Boolean);
  for (const entry of entries) {
    entry.hidden = !words.every((word) => entry.dataset.search.includes(word));
  }
  for (const group of groups) {
    group.hidden = !group.querySelector("[data-search]:not([hidden])");
  }
  none.hidden = groups.some((group) => !group.hidden);
};
filter.addEventListener("input", apply);
addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== filter) {
    event.preventDefault();
    filter.focus();
  } else if (event.key === "Escape" && document.activeElement === filter) {
    filter.value = "";
    apply();
  }
});
// A link to what the filter hides shows it.
addEventListener("hashchange", () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target || !target.closest("[hidden]")) return;
  filter.value = "";
  apply();
  target.scrollIntoView();
});
for (const block of document.querySelectorAll("pre.copy")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(block.querySelector("code").textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  block.append(button);
}
`;
