// A real Chromium for one person at the console, who notices what a test by hand would: pages that do not fit, that a
// screen reader cannot read, that complain in the browser's console.

import { createRequire } from "node:module";
import { mkdirSync, readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const DESK = { width: 1366, height: 768 };
export const PHONE = { width: 390, height: 844 };

// What Chromium itself says about an answer that is not 2xx, which journeys about refusals want to see.
const ANSWERED = /Failed to load resource: the server responded with a status of 4\d\d/;

/** Starts Chromium; `executable`: where it lies. */
export async function start(executable) {
  return chromium.launch({
    executablePath: executable,
    args: FLAGS,
    // Chromium refuses to be root in its sandbox, which is who builds in a container.
    chromiumSandbox: process.getuid() !== 0,
  });
}

// On a machine that is busy Chromium sometimes gives none at the first time of asking.
async function picture(page, path) {
  for (let left = 3; ; left -= 1) {
    try {
      return await page.screenshot({ path, fullPage: true });
    } catch (error) {
      if (left === 0) throw error;
      await page.waitForTimeout(500);
    }
  }
}

/** One person with a browser of their own: language `zh` or `en`, theme `light` or `dark`, a screen. */
export class Person {
  static async sit(browser, { base, lang, theme = "light", size = DESK, pictures, journey, scripts = true }) {
    const context = await browser.newContext({
      baseURL: base,
      viewport: size,
      locale: lang === "zh" ? "zh-CN" : "en-GB",
      colorScheme: theme,
      javaScriptEnabled: scripts,
    });
    const page = await context.newPage();
    const person = new Person(context, page, { lang, theme, size, pictures, journey, scripts });
    person.listen(page);
    return person;
  }

  constructor(context, page, about) {
    Object.assign(this, { context, page, complaints: [], looked: 0 }, about);
  }

  listen(page) {
    page.on("console", (message) => {
      const text = message.text();
      if (["error", "warning"].includes(message.type()) && !ANSWERED.test(text)) this.complaints.push(`console: ${text}`);
    });
    page.on("pageerror", (error) => this.complaints.push(`script: ${error}`));
    page.on("requestfailed", (request) => {
      const why = request.failure()?.errorText ?? "";
      // Leaving a page ends what it was fetching.
      if (!why.includes("ERR_ABORTED")) this.complaints.push(`request: ${request.url()} ${why}`);
    });
    page.on("response", (response) => {
      if (response.status() >= 500) this.complaints.push(`answer ${response.status()}: ${response.url()}`);
    });
  }

  /** Text in this person's language. */
  says(zh, en) {
    return this.lang === "zh" ? zh : en;
  }

  async open(path) {
    const response = await this.page.goto(path, { waitUntil: "load" });
    return response.status();
  }

  /** Takes a picture of the page, and complains of what is wrong with it. */
  async look(name) {
    const { page } = this;
    this.looked += 1;
    await page.evaluate(() => document.fonts.ready.then(() => undefined)).catch(() => undefined);
    const wide = this.size.width < 500 ? "phone" : "desk";
    const label = `${name}-${this.lang}-${this.theme}-${wide}`;
    if (this.pictures) {
      mkdirSync(this.pictures, { recursive: true });
      await picture(page, `${this.pictures}/${label}.png`);
    }
    if (!this.scripts) return;
    const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (over > 0) this.complaints.push(`${label}: ${over} px wider than the screen`);
    const bare = await page.evaluate(() => document.body.innerText.match(/\b[a-z-]+\.[a-z-]+\.[a-z-]+\b/g) ?? []);
    if (bare.length > 0) this.complaints.push(`${label}: keys without words: ${bare.join(", ")}`);
    // From outside the page, past its policy, as a person's extension would be.
    await page.evaluate(axe);
    const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    for (const violation of found.violations) {
      const where = violation.nodes.slice(0, 3).map((node) => `${node.target.join(" ")} (${node.any.map((a) => a.message).join("; ")})`);
      this.complaints.push(`${label}: axe ${violation.id}: ${violation.help}: ${where.join(" | ")}`);
    }
  }

  /** Presses keys one after another. */
  async keys(...names) {
    for (const name of names) await this.page.keyboard.press(name);
  }

  /** Tab until the focus is on something that `selector` names; at most so many times. */
  async tabTo(selector, most = 80) {
    for (let n = 0; n < most; n += 1) {
      if (await this.page.evaluate((s) => document.activeElement?.matches(s) ?? false, selector)) return;
      await this.page.keyboard.press("Tab");
    }
    throw new Error(`the keyboard does not reach ${selector}`);
  }

  async leave() {
    await this.context.close();
    if (this.complaints.length > 0) throw new Error([...new Set(this.complaints)].join("\n"));
  }
}

export function check(condition, words) {
  if (!condition) throw new Error(words);
}
