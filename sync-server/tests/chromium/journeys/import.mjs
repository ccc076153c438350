// A sheet of items with a mistake in it: looked through first, then taken without the mistake; the same again changes nothing.

import { check } from "../browser.mjs";
import { signIn } from "../steps.mjs";

const SHEET = `sku,name_zh,name_en,unit,barcode
NEW-001,测试货品一,Test goods one,pcs,6901234500994
NEW-002,"<img src=x onerror=alert(1)>","=cmd|' /C calc'!A0",pcs,6901234500987
,没有编号,Without a number,pcs,
`;

export default async function play({ sit, password }) {
  const person = await sit();
  const { page } = person;
  await signIn(person, "admin", password);
  for (const changes of [true, false]) {
    await person.open("/data");
    const form = page.locator("form[action='/data/import/items/check']");
    await form.locator("input[type=file]").setInputFiles({ name: "items.csv", mimeType: "text/csv", buffer: Buffer.from(SHEET) });
    await form.locator("button").last().click();
    await page.locator("dl.figures").waitFor();
    await person.look(changes ? "import-checked" : "import-nothing-new");
    const apply = page.locator("form[action$='/apply'] button.primary");
    check((await apply.count()) === (changes ? 1 : 0), "the button that applies is not as it should be");
    if (!changes) break;
    await apply.click();
    await page.getByRole("status").first().waitFor();
    await person.look("import-applied");
  }
  await person.open("/stock?by=item&q=NEW-00");
  const name = person.says("<img src=x onerror", "=cmd|' /C calc'!A0");
  check((await page.locator("body").textContent()).includes(name), "the name with a script in it is not shown as it is");
  await person.look("import-script-in-name");
  await person.leave();
}
