// What several journeys do.

/** Signs in by name and password, and waits for the first page. */
export async function signIn(person, name, password) {
  await person.open("/sign-in");
  await person.page.locator("input[name=name]").fill(name);
  await person.page.locator("input[name=password]").fill(password);
  await person.page.locator("main form button").click();
  await person.page.waitForURL("**/review**");
}

// One of each kind is enough: /items/A and /items/B are the same page, and so are two days of one list.
function shape(path) {
  const [place, query = ""] = path.split("?");
  const kind = place.replace(/[0-9a-f-]{16,}/g, "*").replace(/\/units\/[^/]+/, "/units/*");
  const asked = [...new URLSearchParams(query)].map(([name, value]) => `${name}=${/^[a-z-]{1,20}$/.test(value) ? value : "*"}`);
  return `${kind}?${asked.sort().join("&")}`;
}

// So many lists of one page: filters and tabs multiply.
const VARIANTS = 8;

/** All pages that links lead to from the home page, one of each kind; no files. `look` is called on each with its status. */
export async function inside(person, look) {
  const seen = new Map();
  const variants = new Map();
  const waiting = ["/review"];
  while (waiting.length > 0) {
    const path = waiting.shift();
    const kind = shape(path);
    const place = kind.split("?")[0];
    const known = variants.get(place) ?? 0;
    if (seen.has(kind) || known >= VARIANTS) continue;
    variants.set(place, known + 1);
    seen.set(kind, path);
    await look(path, await person.open(path));
    const links = await person.page.$$eval("a[href]", (all) => all.map((a) => new URL(a.getAttribute("href"), document.baseURI).href));
    for (const link of links) {
      const url = new URL(link);
      if (url.origin !== new URL(person.page.url()).origin) continue;
      const next = url.pathname + url.search;
      if (/^\/(blobs|export|assets|data\/template)\b|\.(csv|xlsx|pdf|jsonl|json|svg)\b|format=/.test(next)) continue;
      waiting.push(next);
    }
  }
  return [...seen.values()];
}
