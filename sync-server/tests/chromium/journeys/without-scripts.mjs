// A browser without scripts: signing in, deciding, taking back and finding stock are plain forms.

import { check } from "../browser.mjs";
import { signIn } from "../steps.mjs";

export default async function play({ sit, password }) {
  const person = await sit({ scripts: false });
  const { page } = person;
  await signIn(person, "supervisor", password);
  const cards = page.locator("article.card[id^=x]");
  const before = await cards.count();
  check(before > 0, "nothing is open");
  const card = cards.first();
  await card.locator("input[name=note]").fill("looked at");
  await card.locator("button[name=choice]").first().click();
  await page.getByRole("status").waitFor();
  check((await page.locator("article.card[id^=x]").count()) < before, "nothing was decided");
  await person.open("/review?tab=decided");
  await page.locator("form[action$='/undo'] button").first().click();
  await page.getByRole("status").waitFor();
  await person.open("/stock");
  await page.locator("input[type=search]").fill("WR-0250");
  await page.locator("form[role=search] button").click();
  await page.waitForURL("**q=WR-0250**");
  check((await page.locator("tbody tr").count()) >= 1, "the stock is not found");
  await person.leave();
}
