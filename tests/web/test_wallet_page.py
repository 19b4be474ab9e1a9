"""The wallet page in a real browser: its first start, its lock, its PIN, what it keeps and what it lets go of."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.web.pages import PIN, Phone

STORES = ["settings", "guards", "keys", "credentials", "history", "pending"]
COUNT = """async () => {
  const opened = await new Promise((done) => {
    const asked = indexedDB.open('jeung-wallet');
    asked.onsuccess = () => done(asked.result);
  });
  const counts = {};
  for (const name of opened.objectStoreNames) {
    counts[name] = await new Promise((done) => {
      const asked = opened.transaction(name).objectStore(name).count();
      asked.onsuccess = () => done(asked.result);
    });
  }
  opened.close();
  return counts;
}"""
GUARDS = """async () => {
  const opened = await new Promise((done) => {
    const asked = indexedDB.open('jeung-wallet');
    asked.onsuccess = () => done(asked.result);
  });
  const read = (name) => new Promise((done) => {
    const asked = opened.transaction('guards').objectStore('guards').get(name);
    asked.onsuccess = () => done(asked.result);
  });
  const [pepper, guard] = [await read('pepper'), await read('pin')];
  opened.close();
  const exported = await crypto.subtle.exportKey('raw', pepper).then(() => 'given', (error) => error.name);
  return { exported, extractable: pepper.extractable, iterations: guard.iterations, salt: guard.salt.length,
           names: Object.keys(guard).sort() };
}"""


def test_first_start_asks_for_a_pin_twice_and_opens_the_wallet(fresh: Phone) -> None:
    fresh.page.goto(fresh.url)
    fresh.wait_for("welcome")
    assert fresh.page.locator("html").get_attribute("lang") == "en"
    fresh.set_up()
    assert fresh.heading() == "My wallet"


def test_nothing_but_the_first_start_is_shown_before_there_is_a_pin(fresh: Phone) -> None:
    fresh.page.goto(f"{fresh.url}#/settings")
    fresh.wait_for("welcome")
    fresh.page.goto(f"{fresh.url}#/unlock")
    fresh.wait_for("welcome")


@pytest.mark.parametrize("pin", ["000000", "123456", "987654", "121212", "123123", "112233"])
def test_a_pin_that_is_easy_to_guess_is_refused(fresh: Phone, pin: str) -> None:
    fresh.page.goto(fresh.url)
    fresh.page.locator(".actions button").click()
    fresh.type_pin(pin)
    fresh.page.locator(".pin__message.is-bad").wait_for()
    assert fresh.heading() == "Choose a PIN"


def test_two_pins_that_differ_begin_anew(fresh: Phone) -> None:
    fresh.page.goto(fresh.url)
    fresh.page.locator(".actions button").click()
    fresh.type_pin("135246")
    fresh.page.get_by_role("heading", name="Type it once more").wait_for()
    fresh.type_pin("135247")
    fresh.page.get_by_text("The two PINs differ").first.wait_for()
    assert fresh.heading() == "Choose a PIN"
    assert fresh.page.evaluate(COUNT)["guards"] == 0


def test_a_reload_keeps_the_wallet_and_asks_for_the_pin(held: Phone) -> None:
    held.page.reload()
    held.wait_for("unlock")
    held.unlock()
    assert held.heading() == "My wallet"


def test_a_locked_wallet_shows_no_view_but_its_lock(held: Phone) -> None:
    held.lock()
    for view in ("home", "history", "settings", "erase", "pin", "add"):
        held.page.evaluate("view => { location.hash = '#/' + view }", view)
        held.page.wait_for_timeout(50)
        assert held.page.locator("#main").get_attribute("data-view") == "unlock"
    held.unlock()
    assert held.page.locator("#main").get_attribute("data-view") == "add"


def test_wrong_pins_wait_longer_each_time_and_nothing_is_erased(held: Phone) -> None:
    held.page.clock.install()
    held.lock()
    held.mistype(3)
    assert held.page.locator(".pin__key[disabled]").count() == 11
    # The right one has to wait as well, and a page opened anew does not start from nothing.
    held.page.keyboard.type(PIN)
    held.page.reload()
    held.wait_for("unlock")
    held.page.get_by_text("Too many wrong attempts").first.wait_for()
    held.page.clock.fast_forward(31_000)
    held.type_pin("999998")
    held.page.get_by_text(re.compile("Try again in (59 s|1 min)")).first.wait_for()
    held.page.clock.fast_forward(61_000)
    held.unlock()
    assert held.page.evaluate(COUNT)["guards"] == 2


def test_a_clock_set_back_does_not_shorten_the_wait(held: Phone) -> None:
    held.lock()
    held.mistype(3)
    left = held.page.evaluate(
        """async () => {
          const { waitLeft, claim } = await import('/static/wallet/store/attempts.js');
          const real = Date.now;
          Date.now = () => real() - 86_400_000;
          const waits = [(await waitLeft()).waitMs, await claim()];
          Date.now = real;
          return waits;
        }"""
    )
    assert left == [30_000, 30_000]


def test_a_try_is_counted_before_it_is_made(held: Phone) -> None:
    made = held.page.evaluate(
        """async () => {
          const { waitLeft } = await import('/static/wallet/store/attempts.js');
          const { unlock } = await import('/static/wallet/store/vault.js');
          const real = crypto.subtle.deriveBits;
          // As if the page were closed in the middle of the try.
          crypto.subtle.deriveBits = () => Promise.reject(new Error('closed'));
          await unlock('999999').catch(() => {});
          crypto.subtle.deriveBits = real;
          return (await waitLeft()).made;
        }"""
    )
    assert made == 1


def test_two_tabs_share_their_tries(held: Phone) -> None:
    made = held.page.evaluate(
        """async () => {
          const { claim } = await import('/static/wallet/store/attempts.js');
          return Promise.all(Array.from({ length: 12 }, claim));
        }"""
    )
    assert made[:3] == [0, 0, 0]
    assert all(wait > 0 for wait in made[3:])


def test_the_pin_cannot_be_tried_away_from_the_device(held: Phone) -> None:
    guards = held.page.evaluate(GUARDS)
    assert guards["exported"] == "InvalidAccessError"
    assert guards["extractable"] is False
    assert guards["iterations"] >= 600_000
    assert guards["salt"] == 16
    # Neither the PIN nor anything it could be checked with stands beside the wrapped key.
    assert guards["names"] == ["iterations", "iv", "salt", "version", "wrapped"]


def test_a_record_moved_to_another_place_does_not_open(held: Phone) -> None:
    outcome = held.page.evaluate(
        """async (pin) => {
          const { seal, unlock, unseal } = await import('/static/wallet/store/vault.js');
          const key = await unlock(pin);
          const record = await seal(key, 'credentials/1', { name: 'x' });
          const moved = await unseal(key, 'credentials/2', record).then(() => 'opened', (error) => error.name);
          const exported = await crypto.subtle.exportKey('raw', key).then(() => 'given', (error) => error.name);
          return [(await unseal(key, 'credentials/1', record)).name, moved, exported];
        }""",
        PIN,
    )
    assert outcome == ["x", "OperationError", "InvalidAccessError"]


def test_the_pin_can_be_changed_and_the_old_one_opens_no_more(held: Phone) -> None:
    held.open_view("settings")
    held.page.get_by_role("link", name="Change PIN").click()
    held.type_pin(PIN)
    held.page.get_by_text("Choose a new PIN").first.wait_for()
    held.type_pin("864209")
    held.page.get_by_text("Type it once more").first.wait_for()
    held.type_pin("864209")
    held.wait_for("settings")
    held.lock()
    held.type_pin(PIN)
    held.page.get_by_text("That PIN is wrong").first.wait_for()
    held.unlock("864209")


def test_the_wallet_locks_when_nobody_touches_it(held: Phone) -> None:
    held.page.clock.install()
    held.page.reload()
    held.unlock()
    held.page.clock.fast_forward(179_000)
    held.wait_for("home")
    held.page.keyboard.press("Shift")
    held.page.clock.fast_forward(179_000)
    held.wait_for("home")
    held.page.clock.fast_forward(2_000)
    held.wait_for("unlock")
    assert "not in use" in held.page.locator("#announcer").inner_text()


def test_erasing_takes_the_pin_and_leaves_nothing(held: Phone) -> None:
    held.open_view("erase")
    held.page.get_by_role("button", name="Erase everything").click()
    held.type_pin("999999")
    held.page.get_by_text("That PIN is wrong").first.wait_for()
    assert held.page.evaluate(COUNT)["guards"] > 0
    held.type_pin(PIN)
    held.wait_for("welcome")
    assert held.page.evaluate(COUNT) == dict.fromkeys(STORES, 0)


def test_the_language_can_be_changed_and_is_kept(held: Phone) -> None:
    held.open_view("settings")
    held.page.get_by_role("button", name="한국어").click()
    held.page.get_by_role("heading", name="설정").wait_for()
    held.page.reload()
    held.wait_for("unlock")
    assert held.heading() == "지갑이 잠겨 있습니다"
    assert held.page.locator("html").get_attribute("lang") == "ko"


def test_the_first_start_works_with_the_keyboard_alone(fresh: Phone) -> None:
    keyboard = fresh.page.keyboard
    fresh.page.goto(fresh.url)
    fresh.wait_for("welcome")
    keyboard.press("Tab")
    assert fresh.page.evaluate("document.activeElement.textContent") == "Get started"
    keyboard.press("Enter")
    keyboard.type(PIN)
    fresh.page.get_by_role("heading", name="Type it once more").wait_for()
    keyboard.type(PIN)
    fresh.wait_for("home")
    assert fresh.page.evaluate("document.activeElement.tagName") == "H1"
    for _ in range(2):
        keyboard.press("Tab")
    keyboard.press("Enter")
    fresh.wait_for("add")
    assert fresh.page.evaluate("document.activeElement.tagName") == "H1"


def test_what_is_neither_offer_nor_request_is_refused(held: Phone) -> None:
    held.open_view("add")
    for text in ("", "hello", "https://bank.example/", "javascript:alert(1)", "openid://?x=1", "data:text/html,x"):
        held.page.get_by_label("Link", exact=True).fill(text)
        held.page.get_by_role("button", name="Next").click()
        assert held.page.locator("#link-problem").inner_text() == "This is neither an offer nor a request."
        assert held.page.locator("#link").get_attribute("aria-invalid") == "true"


def test_the_page_opens_without_a_network_and_keeps_only_its_own_files(held: Phone) -> None:
    held.page.evaluate("navigator.serviceWorker.ready")
    held.page.reload()
    held.wait_for("unlock")
    held.page.context.set_offline(True)
    held.page.reload()
    held.unlock()
    kept = held.page.evaluate(
        """async () => {
          const names = await caches.keys();
          const found = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
          return found.flat().map((request) => new URL(request.url).pathname);
        }"""
    )
    assert {path for path in kept if not path.startswith(("/static/wallet/", "/static/common/"))} == {"/wallet"}
    held.page.context.set_offline(False)


def test_the_policy_lets_nothing_in_but_the_page_itself(held: Phone) -> None:
    answer = held.page.request.get(held.url)
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "require-trusted-types-for 'script'" in policy
    assert "<script>" not in answer.text()
    assert "style=" not in answer.text()


def test_no_module_makes_markup_out_of_text(static: Path) -> None:
    forbidden = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser")
    for path in static.rglob("*.js"):
        assert not forbidden.search(path.read_text("utf-8")), path.name


def test_modules_are_short(static: Path) -> None:
    for path in static.rglob("*.js"):
        assert len(path.read_text("utf-8").splitlines()) <= 200, path.name


def test_both_languages_have_the_same_words_and_every_word_is_there(static: Path) -> None:
    script = "import(process.argv[1]).then((m) => console.log(JSON.stringify(Object.values(m)[0])))"
    texts = {
        name: json.loads(
            subprocess.run(
                ["node", "--input-type=module", "-e", script, (static / "i18n" / f"{name}.js").as_uri()],
                capture_output=True,
                text=True,
                check=True,
                timeout=30,
            ).stdout
        )
        for name in ("ko", "en")
    }
    assert set(texts["ko"]) == set(texts["en"])
    for key, text in texts["ko"].items():
        assert text.strip()
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", texts["en"][key])), key
    used = set()
    for path in static.rglob("*.js"):
        used |= set(re.findall(r"\bt\(\s*'([a-z_.]+)'", path.read_text("utf-8")))
    assert used <= set(texts["ko"])


def test_every_refusal_of_the_core_has_a_sentence_in_both_languages(held: Phone) -> None:
    silent = held.page.evaluate(
        """async () => {
          const { CODES } = await import('/static/wallet/core/errors.js');
          const { sentenceOf } = await import('/static/wallet/parts/failure.js');
          const { CONCERNS } = await import('/static/wallet/core/receipts.js');
          const { isText, setLocale } = await import('/static/wallet/lib/i18n.js');
          const found = CONCERNS.filter((concern) => !isText(`signed.${concern}`));
          for (const locale of ['ko', 'en']) {
            setLocale(locale);
            const unexpected = sentenceOf({ code: 'unexpected' });
            found.push(...CODES.filter((code) => sentenceOf({ code }) === unexpected));
          }
          return found;
        }"""
    )
    assert silent == []


def test_a_passkey_that_gives_a_secret_opens_the_wallet(fresh: Phone) -> None:
    session = fresh.page.context.new_cdp_session(fresh.page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "ctap2Version": "ctap2_1",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "hasPrf": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    fresh.set_up()
    fresh.open_view("settings")
    fresh.page.get_by_role("button", name="Open with a passkey").click()
    fresh.type_pin(PIN)
    fresh.page.get_by_role("button", name="Stop opening with a passkey").wait_for()
    fresh.lock()
    fresh.page.get_by_role("button", name="Open with a passkey").click()
    fresh.wait_for("home")
    # The PIN goes on working beside it.
    fresh.lock()
    fresh.unlock()
