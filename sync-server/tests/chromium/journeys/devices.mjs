// A new handheld: the invitation with its code to scan; what it is told and how it is set up.

import { check } from "../browser.mjs";
import { signIn } from "../steps.mjs";

export default async function play({ sit, password }) {
  const person = await sit();
  const { page } = person;
  await signIn(person, "admin", password);
  await person.open("/devices");
  const invite = page.locator("form[action='/devices/invite']");
  await invite.locator("input[name=name]").fill("手持 <b>9</b> 号");
  await invite.locator("button").last().click();
  await page.locator("main svg").first().waitFor();
  check((await page.locator("body").textContent()).includes("<b>9</b>"), "the name is not shown as it is");
  await person.look("devices-invitation");
  const viewer = await sit();
  await signIn(viewer, "viewer", password);
  await viewer.open("/devices");
  check((await viewer.page.locator("form[action$='/revoke']").count()) === 0, "a viewer is offered to revoke devices");
  await viewer.look("devices-of-a-viewer");
  await viewer.leave();
  await person.leave();
}
