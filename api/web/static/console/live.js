// Ask what has become of the thing a page waits for, and draw the page anew when it has changed.
//
// The place is named by `data-live`, the state the page was drawn in by `data-state`. Asking does not count as use of
// the session, so a forgotten page does not keep it open.

const EVERY_MS = 1500;
const LONGEST_MS = 15 * 60 * 1000;
const SLOWEST_MS = 15000;

const place = document.querySelector("[data-live]");
const began = performance.now();
let failures = 0;

async function ask() {
  const answer = await fetch(place.dataset.live, {
    headers: { Accept: "application/json" },
    cache: "no-store",
    redirect: "error",
  });
  // The session has ended: the page itself leads to the log-in.
  if (answer.status === 401) return true;
  if (!answer.ok) throw new Error(String(answer.status));
  const { state } = await answer.json();
  return state !== place.dataset.state;
}

async function watch() {
  if (performance.now() - began > LONGEST_MS) return;
  try {
    if (!document.hidden && (await ask())) {
      window.location.reload();
      return;
    }
    failures = 0;
  } catch {
    failures += 1;
  }
  window.setTimeout(watch, Math.min(EVERY_MS * 2 ** failures, SLOWEST_MS));
}

if (place) window.setTimeout(watch, EVERY_MS);
