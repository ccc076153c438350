// node run.mjs JOURNEY LANGUAGE: plays one journey. What it needs comes as JSON in the environment: the address, links that
// sign people in, where Chromium is and where pictures go. It asks its test to do something in the warehouse by a line on
// its output, `do WHAT`, and reads one line when that is done.

import { createInterface } from "node:readline";
import { start, Person } from "./browser.mjs";

const [journey, lang] = process.argv.slice(2);
const given = JSON.parse(process.env.JOURNEY);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Has the test do something with the handhelds or the server's clock. */
async function have(what) {
  console.log(`do ${what}`);
  const { value } = await lines.next();
  return value;
}

const browser = await start(given.chromium);
try {
  const { default: play } = await import(`./journeys/${journey}.mjs`);
  const sit = (options = {}) => Person.sit(browser, { base: given.base, pictures: given.pictures, lang, journey, ...options });
  await play({ sit, have, lang, links: given.links, password: given.password, claim: given.claim });
} catch (error) {
  console.error(error.message ?? error);
  process.exitCode = 1;
} finally {
  await browser.close();
  process.stdin.destroy();
}
