// The session ends while somebody writes a reason: they sign in again, and what they wrote is still there and is sent once.

import { check } from "../browser.mjs";
import { signIn } from "../steps.mjs";

const REASON = "二层货架已复核，少两箱 & <checked>";

export default async function play({ sit, have, password }) {
  const person = await sit();
  const { page } = person;
  await signIn(person, "supervisor", password);
  const before = Number(await page.locator("[data-badge]").textContent());
  await person.open("/review?kind=negative-stock");
  await person.keys("j", "Enter");
  await page.waitForURL("**/review/*");
  await page.locator("form.decide input[name=note]").first().fill(REASON);
  await have("expire");
  await page.locator("form.decide button[name=choice]").first().click();
  await page.locator("input[name=password]").waitFor();
  check((await page.locator("body").textContent()).includes(REASON), "what was written is not shown");
  await person.look("expired-sign-in");
  await page.locator("input[name=name]").fill("supervisor");
  await page.locator("input[name=password]").fill(password);
  await page.locator("main form button").last().click();
  await page.locator("form[data-kept] button").waitFor();
  await person.look("expired-send-again");
  await page.locator("form[data-kept] button").click();
  await page.getByRole("status").waitFor();
  check(Number(await page.locator("[data-badge]").textContent()) < before, "it was not decided");
  await person.open("/review?tab=decided");
  check((await page.locator("body").textContent()).includes(REASON), "the reason was lost");
  await person.leave();
}
