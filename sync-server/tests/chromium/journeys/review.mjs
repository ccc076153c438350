// A supervisor decides with the keyboard alone, looks at what was decided, and takes it back.

import { check } from "../browser.mjs";
import { signIn } from "../steps.mjs";

export default async function play({ sit, password }) {
  const person = await sit();
  const { page } = person;
  await signIn(person, "supervisor", password);
  const open = async () => Number((await page.locator("[data-badge]").textContent()) || 0);
  const before = await open();
  check(before > 0, "nothing is open");
  // What stands together with others has a page of its own first.
  await person.open("/review?kind=negative-stock");
  await person.keys("j", "j", "k");
  check(await page.evaluate(() => document.activeElement.matches("[data-card]")), "j and k lead to no card");
  await person.keys("Enter");
  await page.waitForURL("**/review/*");
  await person.look("review-one");
  await person.tabTo("input[name=note]");
  await page.keyboard.type("<script>alert('说明')</script> checked on the floor");
  await person.tabTo("button[name=choice]");
  await person.keys("Enter");
  await page.getByRole("status").waitFor();
  // One decision may settle what else came of the same mistake.
  check((await open()) < before, `${await open()} are open, there were ${before}`);
  await person.open("/review?tab=decided");
  await person.look("review-decided");
  await person.tabTo("form[action$='/undo'] button");
  await person.keys("Enter");
  await page.getByRole("status").waitFor();
  check((await open()) === before, `${await open()} are open after the undo, there were ${before}`);
  await person.leave();
}
