// Every page, on a desk and on a phone, light, and dark on the desk: it fits, it can be read aloud, the browser has nothing to complain of.

import { check, DESK, PHONE } from "../browser.mjs";
import { signIn, inside } from "../steps.mjs";

export default async function play({ sit, lang, password }) {
  const look = async (person, path, status) => {
    check(status === 200, `${path} answers ${status}`);
    await person.look("page" + path.replace(/[0-9a-f-]{16,}/g, "one").replace(/[^A-Za-z0-9-]+/g, "-"));
  };
  const admin = await sit({ size: DESK });
  await signIn(admin, "admin", password);
  const paths = await inside(admin, (path, status) => look(admin, path, status));
  check(paths.length >= 12, `only ${paths.length} pages were found: ${paths.join(" ")}`);
  const cookies = await admin.context.cookies();
  await admin.leave();
  const others = [[PHONE, "light"]];
  // Colours are the same in each language.
  if (lang === "zh") others.push([DESK, "dark"]);
  for (const [size, theme] of others) {
    const person = await sit({ size, theme });
    await person.context.addCookies(cookies);
    for (const path of paths) {
      await look(person, path, await person.open(path));
    }
    const status = await person.open("/no-such-page");
    check(status === 404, `a page that is not there answers ${status}`);
    await person.look("page-not-found");
    await person.leave();
  }
}
