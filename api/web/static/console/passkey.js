// Have an authenticator answer before a form is sent, and put the answer into it.
//
// `data-passkey` says what is asked of it ("get" or "create"), `data-options` where the challenge comes from. The form
// itself is judged on the server; without a passkey at hand the page's other ways stay as they are.

// The server's word about the form (its status), or the authenticator's; anything else is its owner's.
const REASONS = { 401: "refused", 403: "stale", 429: "limited", InvalidStateError: "taken" };

function able() {
  return Boolean(window.PublicKeyCredential?.parseRequestOptionsFromJSON);
}

async function answer(form) {
  const asked = await fetch(form.dataset.options, {
    method: "POST",
    body: new URLSearchParams(new FormData(form)),
    headers: { Accept: "application/json" },
    cache: "no-store",
    redirect: "manual",
  });
  if (!asked.ok) throw new Error(String(asked.status));
  const options = await asked.json();
  const credential =
    form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  return JSON.stringify(credential.toJSON());
}

function say(form, which) {
  for (const text of form.querySelectorAll("[data-say]")) text.hidden = text.dataset.say !== which;
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!able()) {
    say(form, "unable");
    form.querySelector("button").disabled = true;
    continue;
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    say(form, "waiting");
    try {
      form.elements.credential.value = await answer(form);
      form.submit();
    } catch (error) {
      // The session has ended, or the proof of who it is has grown old: the page itself leads to where it is made anew.
      if (error.message === "0" || (error.message === "401" && !form.elements.code)) return location.reload();
      say(form, REASONS[error.message] ?? REASONS[error.name] ?? "failed");
      button.disabled = false;
    }
  });
}
