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
  const typing = event.target.closest("input:not([type=checkbox]), textarea, select");
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

const isTyped = (field) => field.matches("textarea, input:not([type=hidden], [type=checkbox])") && field.value !== field.defaultValue;

function isTyping(part) {
  const active = part.contains(document.activeElement) && document.activeElement.matches("input:not([type=checkbox]), textarea, select");
  return active || [...part.querySelectorAll("input, textarea")].some(isTyped);
}

// Puts the part in anew; focus, ticks and what was unfolded stay where they were.
function putAgain(part, text) {
  const card = (node) => node?.closest("[data-card]")?.id;
  const active = part.contains(document.activeElement) ? document.activeElement : null;
  const at = card(active);
  const isCard = active?.matches("[data-card]");
  const place = active && at && [...document.getElementById(at).querySelectorAll("a, button, summary, input")].indexOf(active);
  const before = cards().findIndex((one) => one.id === at);
  const boxes = [...part.querySelectorAll("input[type=checkbox]")].filter((box) => box.checked !== box.defaultChecked);
  const ticks = new Map(boxes.map((box) => [box.value, box.checked]));
  const unfolded = [...part.querySelectorAll("[data-card] details[open]")].map((one) => [card(one), [...one.closest("[data-card]").querySelectorAll("details")].indexOf(one)]);
  part.innerHTML = text;
  for (const box of part.querySelectorAll("input[type=checkbox]")) if (ticks.has(box.value)) box.checked = ticks.get(box.value);
  for (const [id, nth] of unfolded) {
    const details = document.getElementById(id)?.querySelectorAll("details")[nth];
    if (details) details.open = true;
  }
  if (active) {
    const same = at && document.getElementById(at);
    // The card is gone: the one that took its place has the focus.
    const next = same ?? cards()[Math.min(Math.max(before, 0), cards().length - 1)];
    const inside = same && !isCard ? same.querySelectorAll("a, button, summary, input")[place] : null;
    (inside ?? next ?? document.getElementById("main"))?.focus({ preventScroll: true });
  }
  part.dispatchEvent(new CustomEvent("put-again", { bubbles: true }));
}

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
    if (part.dataset.now === text) continue;
    // Whoever is typing inside keeps what they typed: their part is left as it is.
    if (isTyping(part)) continue;
    part.dataset.now = text;
    putAgain(part, text);
  }
}

function listen() {
  const source = new EventSource("/live");
  const say = (on) => {
    if (!state) return;
    state.dataset.state = on ? "on" : "off";
    state.textContent = on ? state.dataset.on : state.dataset.off;
  };
  // A steady stream of changes must not put off the next look for ever, nor make one follow the other without a pause.
  let due = false, isUnderWay = false, begun = -Infinity;
  const soon = () => {
    due = true;
    if (isUnderWay) return;
    isUnderWay = true;
    setTimeout(async () => {
      due = false;
      begun = performance.now();
      try {
        await refresh();
      } finally {
        isUnderWay = false;
        if (due) soon();
      }
    }, Math.max(150, begun + 600 - performance.now()));
  };
  source.addEventListener("changed", soon);
  source.onopen = () => { say(true); refresh(); };
  source.onerror = () => say(false);
}

if (live.length > 0) listen();
