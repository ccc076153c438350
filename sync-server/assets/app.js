// Small conveniences. Every page works without this file.

// j / k walk through the cards, Enter opens the one in focus.
const cards = () => [...document.querySelectorAll("[data-card]")];

function walk(step) {
  const all = cards();
  if (all.length === 0) return;
  const at = all.findIndex((card) => card.contains(document.activeElement));
  const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if (typing || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "j") walk(1);
  else if (event.key === "k") walk(-1);
  else if (event.key === "/") {
    const search = document.querySelector("input[type=search]");
    if (!search) return;
    search.focus();
    event.preventDefault();
  } else if (event.key === "Enter" && event.target.matches("[data-card]")) {
    event.target.querySelector("h2 a")?.click();
  }
});

// Filters apply as soon as they are chosen.
for (const select of document.querySelectorAll("select[data-auto]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}

// A field that asks for an item suggests some.
let asking;
document.addEventListener("input", (event) => {
  const field = event.target;
  if (field.getAttribute("list") !== "items-known") return;
  clearTimeout(asking);
  asking = setTimeout(async () => {
    const response = await fetch("/items/suggest?q=" + encodeURIComponent(field.value), { headers: { "x-fragment": "1" } });
    const known = document.getElementById("items-known");
    if (!response.ok || !known) return;
    known.replaceChildren(...(await response.json()).slice(0, 20).map((item) => new Option(item.name, item.code)));
  }, 200);
});

// The server says only that something changed; the page asks for its own part again.
const live = [...document.querySelectorAll("[data-live]")];
const state = document.querySelector("[data-live-state]");

async function refresh() {
  for (const part of live) {
    const response = await fetch(part.dataset.live, { headers: { "x-fragment": "1" } });
    if (response.status === 401) return location.reload();
    if (!response.ok) continue;
    const open = response.headers.get("x-open-count");
    const badge = document.querySelector("[data-badge]");
    if (open !== null && badge) {
      badge.textContent = open;
      badge.hidden = open === "0";
    }
    const text = await response.text();
    // Whoever is typing or reading inside keeps the place: their part is left as it is.
    if (part.contains(document.activeElement) || part.dataset.now === text) continue;
    part.dataset.now = text;
    part.innerHTML = text;
  }
}

function listen() {
  const source = new EventSource("/live");
  const say = (on) => {
    if (!state) return;
    state.dataset.state = on ? "on" : "off";
    state.textContent = on ? state.dataset.on : state.dataset.off;
  };
  let waiting;
  source.addEventListener("changed", () => {
    clearTimeout(waiting);
    waiting = setTimeout(refresh, 150);
  });
  source.onopen = () => { say(true); refresh(); };
  source.onerror = () => say(false);
}

if (live.length > 0) listen();
