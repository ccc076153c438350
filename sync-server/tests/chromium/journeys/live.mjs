// A review page stays open while a handheld gets its network back: the new card comes by itself, and whoever stands on a
// card keeps their place.

import { check } from "../browser.mjs";
import { signIn } from "../steps.mjs";

export default async function play({ sit, have, password }) {
  const person = await sit();
  const { page } = person;
  await signIn(person, "supervisor", password);
  await page.locator("[data-live-state][data-state=on]").waitFor();
  const badge = page.locator("[data-badge]");
  const before = Number(await badge.textContent());
  const started = Date.now();
  await have("sync");
  await page.waitForFunction((n) => Number(document.querySelector("[data-badge]").textContent) > n, before);
  console.log(`live: ${Date.now() - started} ms from the handheld's scan to the count on the page`);
  check(Number(await badge.textContent()) === before + 1, "another number than one more");
  await person.look("review-live");
  await person.leave();

  // Where something changes all the time, the page is looked at again all the same.
  const busy = await sit();
  await busy.page.addInitScript(() => {
    window.EventSource = class extends EventTarget {
      constructor() {
        super();
        setInterval(() => this.dispatchEvent(new Event("changed")), 50);
      }
    };
  });
  await signIn(busy, "supervisor", password);
  await busy.page.waitForRequest((asked) => asked.url().includes("/review/list"));
  await busy.page.waitForRequest((asked) => asked.url().includes("/review/list"));
  await busy.leave();
}
