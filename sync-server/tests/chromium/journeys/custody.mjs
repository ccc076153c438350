// What customers leave: announced by a file, listed, extended, reported; the customer looks, signs with a finger, and keeps a
// receipt that verifies until somebody changes it.

import { readFile } from "node:fs/promises";
import { PHONE, check } from "../browser.mjs";
import { signIn } from "../steps.mjs";

const CATEGORIES = "sku,name_zh,name_en,class\nBAG,行李箱包,Luggage,custody\n";
const SHEET = "name,phone,document,pieces,category,size,days\n李雷,13900139000,,2,BAG,L,30\n王小明,13800138000,,1,BAG,,\n";

export default async function play({ sit, password, have, claim }) {
  const person = await sit();
  const { page } = person;
  await have("leave");
  await signIn(person, "admin", password);
  const bring = async (kind, text) => {
    await person.open("/data");
    const form = page.locator(`form[action='/data/import/${kind}/check']`);
    await form.locator("input[type=file]").setInputFiles({ name: "in.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
    await form.locator("button").last().click();
    await page.locator("dl.figures").waitFor();
  };
  await bring("items", CATEGORIES);
  await page.locator("form[action$='/apply'] button.primary").click();
  await page.getByRole("status").first().waitFor();
  await bring("deposits", SHEET);
  check((await page.locator("fieldset.doubts select").count()) === 1, "nobody asks who is who");
  await person.look("import-doubt");
  await page.locator("fieldset.doubts select").selectOption("new");
  await page.locator("form[action$='/apply'] button.primary").click();
  await page.getByRole("status").first().waitFor();
  await person.look("import-done");
  for (const show of ["expected", "here", "soon", "wished", "odd"]) {
    await person.open(`/custody?show=${show}`);
    await person.look(`list-${show}`);
  }
  await person.open("/custody?show=here");
  await page.locator("details.ways summary").first().click();
  await person.look("list-ways");
  await page.locator("th a.code").first().click();
  await page.locator("#give-up").waitFor();
  await person.look("deposit");
  await page.locator("form[action$='/extend'] input[type=date]").fill("2026-10-20");
  await page.locator("form[action$='/extend'] button").click();
  await page.getByRole("status").first().waitFor();
  check((await page.locator("body").textContent()).includes("2026-10-20"), "the term was not extended");
  await have("release");

  for (const theme of ["light", "dark"]) {
    const customer = await sit({ size: PHONE, theme });
    await customer.open("/c");
    await customer.look(`customer-enter-${theme}`);
    await customer.page.locator("input[name=claim]").fill(claim);
    await customer.page.locator("form[action='/c'] button").click();
    await customer.page.waitForURL("**/c/deposits/**");
    await customer.look(`customer-left-${theme}`);
    if (theme === "light") {
      const canvas = customer.page.locator("canvas");
      await canvas.scrollIntoViewIfNeeded();
      const box = await canvas.boundingBox();
      const { mouse } = customer.page;
      await mouse.move(box.x + 40, box.y + 60);
      await mouse.down();
      for (let x = 40; x < 260; x += 10) await mouse.move(box.x + x, box.y + 60 + 25 * Math.sin(x / 15));
      await mouse.up();
      await customer.look("customer-signing");
      await customer.page.locator("form[data-sign] button.primary").click();
      await customer.page.getByRole("status").first().waitFor();
      await customer.look("customer-signed");
    }
    await customer.leave();
  }
  await page.reload();
  await page.locator("a.signature img").waitFor();
  await person.look("deposit-signed");
  const waits = page.waitForEvent("download");
  await page.locator("a[href$='.pdf'][href*='/receipts/']").first().click();
  const file = await readFile(await (await waits).path());
  const verify = async (bytes, verdict) => {
    await person.open("/receipt");
    await page.locator("input[type=file]").setInputFiles({ name: "r.pdf", mimeType: "application/pdf", buffer: bytes });
    await page.locator("form[enctype] button").first().click();
    await page.locator(`.verdict.${verdict}`).waitFor();
    await person.look(`receipt-${verdict}`);
  };
  await verify(file, "good");
  const changed = Buffer.from(file);
  changed[200] ^= 1;
  await verify(changed, "bad");

  await person.open("/custody/notices");
  await person.look("notices");
  await have("months");
  const later = await sit({ theme: "dark" });
  await signIn(later, "supervisor", password);
  for (const show of ["overdue", "abandoned"]) {
    await later.open(`/custody?show=${show}`);
    await later.look(`list-${show}-dark`);
  }
  const report = later.page.waitForEvent("download");
  await later.page.locator("a[href^='/custody/handover.pdf']").click();
  const paper = await readFile(await (await report).path());
  check(paper.subarray(0, 5).toString() === "%PDF-", "the report is no PDF");
  await later.leave();
  const phone = await sit({ size: PHONE });
  await signIn(phone, "supervisor", password);
  await phone.open("/custody?show=abandoned");
  await phone.look("list-abandoned");
  await phone.page.locator("th a.code").first().click();
  await phone.page.locator("#give-up").waitFor();
  await phone.look("deposit");
  await phone.leave();
  await person.leave();
}
