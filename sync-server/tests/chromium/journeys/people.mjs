// A new colleague: made, given rights, put out of work and back.

import { check } from "../browser.mjs";
import { signIn } from "../steps.mjs";

export default async function play({ sit, password }) {
  const person = await sit();
  const { page } = person;
  await signIn(person, "admin", password);
  await person.open("/people");
  const form = page.locator("form[action='/people']");
  await form.locator("input[name=name]").fill("赵喆 O'Neil");
  await form.locator("input[name=badge]").fill("B-77");
  const pin = form.locator("input[name=pin]");
  if ((await pin.count()) > 0) await pin.fill("4711");
  await form.locator("button").last().click();
  await page.getByRole("status").waitFor();
  check((await page.locator("body").textContent()).includes("赵喆 O'Neil"), "the new person is not on the list");
  await page.locator("a[href$='/rights']").first().click();
  await page.locator("main form").first().waitFor();
  await person.look("people-rights");
  await person.leave();
}
