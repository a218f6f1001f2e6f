// The pages as their readers see them: a real demonstration on five nodes, in a real browser.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("../..", import.meta.url));
const pacta = process.env.PACTA ?? join(root, "target/release/pacta");
const browserPath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const screenshots = join(root, "target/screenshots");

const execute = promisify(execFile);

let demo, browser, folder, told;

/// Starts `pacta demo` and reads the one JSON object that it prints when the treaty is in force.
async function startDemo(dir) {
  const child = spawn(pacta, ["demo", "--json", "--dir", join(dir, "network")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  for await (const chunk of child.stdout) {
    text += chunk;
    try {
      return [child, JSON.parse(text)];
    } catch {
      // not whole yet
    }
  }
  throw new Error(`the demonstration ended without an answer: ${text}`);
}

before(async () => {
  assert.ok(browserPath, "Chromium is not installed: apt-get install chromium");
  folder = mkdtempSync(join(tmpdir(), "pacta-pages-"));
  mkdirSync(screenshots, { recursive: true });
  [demo, told] = await startDemo(folder);
  browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
}, { timeout: 180_000 });

after(async () => {
  await browser?.close();
  if (demo && demo.exitCode === null) {
    demo.kill("SIGINT");
    await once(demo, "exit");
  }
  if (folder) rmSync(folder, { recursive: true, force: true });
});

/// Opens a page of a node, and collects what a careful reader would call a fault.
async function open(path, options = {}, node = 0) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  const answer = await page.goto(told.nodes[node].url + path);
  return { page, faults, answer, close: () => context.close() };
}

/// Checks a page with axe, which the page's own content policy would not let in by a tag.
async function accessible(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.html).join(" | ")}`);
  assert.deepEqual(found, []);
}

/// Nothing may be wider than the screen of a telephone.
async function fits(page) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `the page is ${wide} px wider than the screen`);
}

const slug = () => told.treaty.id;
const pages = [
  ["network", () => "/", ["Armenia", "Belarus", "Kazakhstan", "Kyrgyzstan", "Russia"]],
  ["treaties", () => "/treaties", ["Emergency Medical Teams"]],
  ["treaty", () => `/treaties/${slug()}`, ["Armenia", "Belarus", "Kazakhstan", "Kyrgyzstan", "Russia"]],
];

for (const [name, path, words] of pages) {
  test(`the page "${name}" is true, accessible and free of faults`, async () => {
    const { page, faults, answer, close } = await open(path());
    assert.equal(answer.status(), 200);
    const policy = answer.headers()["content-security-policy"] ?? "";
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe/);
    const text = await page.locator("body").innerText();
    for (const word of words) assert.ok(text.includes(word), `${word} is missing from: ${text}`);
    await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
    await accessible(page);
    assert.deepEqual(faults, []);
    await close();
  });

  test(`the page "${name}" reads on a telephone, in the dark, and without scripts`, async () => {
    const { page, faults, close } = await open(path(), {
      colorScheme: "dark",
      javaScriptEnabled: true,
      viewport: { width: 360, height: 740 },
    });
    await page.screenshot({ path: join(screenshots, `${name}-dark-narrow.png`), fullPage: true });
    await fits(page);
    await accessible(page);
    assert.deepEqual(faults, []);
    await close();
    const plain = await open(path(), { javaScriptEnabled: false });
    const text = await plain.page.locator("body").innerText();
    for (const word of words) assert.ok(text.includes(word), `${word} is missing without scripts`);
    await plain.close();
  });
}

test("every node shows the same treaty in force", async () => {
  for (let node = 0; node < told.nodes.length; node += 1) {
    const { page, close } = await open(`/treaties/${slug()}`, {}, node);
    assert.match(await page.locator("main").innerText(), /in force/i);
    await close();
  }
});

test("an act has a page, and an unknown one is refused in words", async () => {
  const act = told.steps[0].act;
  const known = await open(`/acts/${act}`);
  assert.equal(known.answer.status(), 200);
  assert.ok((await known.page.locator("body").innerText()).includes(told.steps[0].says));
  await accessible(known.page);
  await known.close();
  const unknown = await open(`/treaties/no-such-treaty`);
  assert.equal(unknown.answer.status(), 404);
  assert.match(await unknown.page.locator("body").innerText(), /no treaty/i);
  await unknown.close();
});

/// Drafts a further treaty, as an official of the first State would.
async function draftTreaty() {
  const [state] = told.nodes;
  const folder = dirname(state.directory);
  const run = (...args) => execute(pacta, args);
  const draft = JSON.parse((await run("treaty", "example")).stdout);
  const names = { treaty: "commerce", titles: { en: "Treaty on Commerce" } };
  const negotiating = told.nodes.map((node) => node.actor).sort();
  const [file, text] = [join(folder, "draft.json"), join(folder, "commerce.txt")];
  writeFileSync(file, JSON.stringify({ ...draft, ...names, negotiating }));
  writeFileSync(text, "The Parties trade freely.");
  await run(
    ...["treaty", "draft", file, "--text", `en=${text}`, "--yes"],
    ...["--node", `http://${state.http}`, "--key", join(state.directory, "keys/foreign-minister.json")],
    ...["--passphrase-file", join(folder, "passphrase")],
  );
}

test("a page that is open changes when a block becomes final", { timeout: 60_000 }, async () => {
  const { page, faults, close } = await open("/treaties");
  assert.doesNotMatch(await page.locator("main").innerText(), /Treaty on Commerce/);
  await draftTreaty();
  await page.getByText("Treaty on Commerce").first().waitFor({ timeout: 10_000 });
  assert.deepEqual(faults, []);
  await close();
});
