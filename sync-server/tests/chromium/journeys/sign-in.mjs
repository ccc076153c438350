// Somebody signs in with the keyboard: first with a wrong password, then with the right one; signs out; a link works once.

import { check } from "../browser.mjs";

export default async function play({ sit, links, password }) {
  const person = await sit();
  const { page } = person;
  await person.open("/review");
  check(page.url().includes("/sign-in"), `a stranger is at ${page.url()}`);
  await person.look("sign-in");
  await page.keyboard.type("supervisor");
  await person.keys("Tab");
  await page.keyboard.type("wrong horse");
  await person.keys("Enter");
  await page.getByRole("alert").waitFor();
  await person.look("sign-in-wrong");
  check((await page.locator("input[name=name]").inputValue()) === "supervisor", "the name is not kept");
  await page.locator("input[name=password]").focus();
  await page.keyboard.type(password);
  await person.keys("Enter");
  await page.waitForURL("**/review");
  await person.tabTo(".menu > summary");
  await person.keys("Enter");
  await person.tabTo("form[action='/sign-out'] button");
  await person.keys("Enter");
  await page.waitForURL("**/sign-in");
  await person.open(links.viewer);
  await person.look("sign-in-link");
  await page.locator("main form button").click();
  await page.waitForURL("**/review");
  await person.leave();

  const second = await sit();
  const status = await second.open(links.viewer);
  check(status >= 400, `a used link answers ${status}`);
  await second.look("sign-in-link-used");
  await second.leave();
}
