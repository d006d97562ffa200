import { existsSync } from "node:fs";
import { after, type TestContext } from "node:test";
import { chromium, type Browser, type BrowserContextOptions } from "playwright-core";
import { openSessions } from "./sessions.ts";

type Options = Parameters<typeof openSessions>[1];

/** Where Debian and Fedora have it; bin/setup --tests installs it. */
const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) => existsSync(path)) ?? "";
export const skip = executablePath === "" && "there is no chromium here; bin/setup --tests installs it";
const withinMs = 60_000; // others use the machine as well

let browser: Promise<Browser> | undefined;
after(async () => (await browser)?.close());

/** The page in a browser, and what of it was no success: requests that were refused, errors of scripts. */
export const openPage = async (t: TestContext, url: string, options: BrowserContextOptions = {}) => {
  browser ??= chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  const context = await (await browser).newContext(options);
  t.after(() => context.close());
  context.setDefaultTimeout(withinMs);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", ({ message }) => errors.push(message));
  page.on("dialog", (dialog) => {
    errors.push(dialog.message());
    void dialog.dismiss();
  });
  await page.goto(url);
  return { page, errors };
};

/** The app with its page open; the test ends its agents. */
export const harness = async (t: TestContext, options: Options = {}) => {
  const app = openSessions(t, { ends: false, output: "", ...options });
  const url = await app.listen();
  return { ...app, url, ...(await openPage(t, url)) };
};
