// Live pages: when the journal tells of something that concerns this page, the page is read again
// and only the parts that changed are replaced. Without this script every page still works.
"use strict";
(() => {
  const parts = () => document.querySelectorAll("[data-live]");
  const button = document.getElementById("pause");
  const spoken = document.getElementById("spoken");
  const treaty = document.documentElement.dataset.treaty;
  if (!parts().length || !("EventSource" in window)) return;

  const policy = window.trustedTypes
    ? window.trustedTypes.createPolicy("pacta", { createHTML: (html) => html })
    : { createHTML: (html) => html };
  const WAIT_MS = 400;
  const BLOCKS_MS = 3000;
  const SPEAK_MS = 10000;
  let paused = sessionStorage.getItem("paused") === "yes";
  let waiting = false;
  let missed = false;
  let spokenAt = 0;
  let readAt = 0;

  // Replaces one part; what is new in a list is marked, and the focus stays where it was.
  function replace(old, fresh) {
    if (old.innerHTML === fresh.innerHTML) return false;
    const known = new Set(Array.from(old.querySelectorAll("li[id]"), (item) => item.id));
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    const twin = focused && (focused.id
      ? (node) => node.id === focused.id
      : (node) => node.href && node.href === focused.href);
    old.replaceChildren(...fresh.childNodes);
    if (known.size) {
      for (const item of old.querySelectorAll("li[id]")) {
        if (!known.has(item.id)) item.classList.add("fresh");
      }
    }
    if (twin) Array.from(old.querySelectorAll("a, [id]")).find(twin)?.focus({ preventScroll: true });
    return true;
  }

  async function refresh() {
    waiting = false;
    if (paused || document.hidden) { missed = true; return; }
    missed = false;
    readAt = Date.now();
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      if (!answer.ok) return;
      const html = policy.createHTML(await answer.text());
      const page = new DOMParser().parseFromString(html, "text/html");
      let changed = false;
      for (const old of parts()) {
        const fresh = page.getElementById(old.id);
        if (fresh && replace(old, fresh)) changed = true;
      }
      if (changed && Date.now() - spokenAt > SPEAK_MS) {
        spokenAt = Date.now();
        spoken.textContent = "This page has been updated.";
      }
    } catch {
      missed = true; // The next entry, or the return of the connection, tries again.
    }
  }

  function concerns(entry) {
    return !treaty || entry.treaty === treaty || entry.treaties?.includes(treaty);
  }

  function soon() {
    if (waiting) return;
    waiting = true;
    setTimeout(refresh, WAIT_MS);
  }

  function show() {
    button.hidden = false;
    button.classList.toggle("paused", paused);
    button.textContent = paused ? "Resume live updates" : "Pause live updates";
  }

  button.addEventListener("click", () => {
    paused = !paused;
    sessionStorage.setItem("paused", paused ? "yes" : "no");
    show();
    if (!paused && missed) soon();
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden && missed) soon(); });
  const after = document.documentElement.dataset.after;
  const source = new EventSource("/api/v1/events" + (after ? "?after=" + after : ""));
  source.addEventListener("entry", (message) => {
    if (concerns(JSON.parse(message.data))) soon();
  });
  if (document.documentElement.hasAttribute("data-blocks")) {
    source.addEventListener("block", () => { if (Date.now() - readAt > BLOCKS_MS) soon(); });
  }
  show();
})();
