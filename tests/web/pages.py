"""Drive the wallet page as a customer does, and keep what the browser complains of."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

PIN = "135246"
PHONE = {"width": 390, "height": 844}
# What the browser itself says of a refused answer; the page shows it to the customer.
_EXPECTED = ("Failed to load resource",)


@dataclass
class Phone:
    """Hold one customer's browser at the wallet page."""

    page: Page
    origin: str
    complaints: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Give the wallet's address."""
        return f"{self.origin}/wallet"

    def heading(self) -> str:
        """Give the heading of the view that is shown."""
        return self.page.locator("h1").first.inner_text()

    def wait_for(self, view: str) -> None:
        """Wait until a view is shown."""
        self.page.locator(f'#main[data-view="{view}"]').wait_for()

    def set_up(self, pin: str = PIN) -> None:
        """Do the first start."""
        self.page.goto(self.url)
        self.wait_for("welcome")
        self.page.locator(".actions button").click()
        self.type_pin(pin)
        self.page.get_by_role("heading", name="Type it once more").wait_for()
        self.type_pin(pin)
        self.wait_for("home")

    def type_pin(self, pin: str = PIN) -> None:
        """Type a PIN once the page takes one."""
        self.page.locator('[data-pin="true"], [data-pin=""]').first.wait_for(state="attached")
        self.page.locator(".pin__key:not([disabled])").first.wait_for()
        self.page.keyboard.type(pin)

    def mistype(self, times: int) -> None:
        """Type wrong PINs until the page lets nobody try for a while."""
        for made in range(1, times):
            self.type_pin("999999")
            self.page.locator(".pin__message", has_text=f"(Attempt {made})").wait_for()
        self.type_pin("999999")
        self.page.locator(".pin__message", has_text="Too many wrong attempts").wait_for()

    def open_view(self, view: str) -> None:
        """Go to a view by its address, without loading the page anew."""
        self.page.evaluate("view => { location.hash = '#/' + view }", view)
        self.wait_for(view)

    def lock(self) -> None:
        """Lock by hand."""
        self.open_view("home")
        self.page.get_by_role("button", name="Lock now").click()
        self.wait_for("unlock")

    def unlock(self, pin: str = PIN) -> None:
        """Unlock, and wait until that is done."""
        self.wait_for("unlock")
        self.type_pin(pin)
        self.page.locator('#main:not([data-view="unlock"])').wait_for()


@contextmanager
def phone(browser: Browser, origin: str, *, locale: str = "en-GB", dark: bool = False) -> Iterator[Phone]:
    """Open a browser of its own at the wallet; nothing it complains of goes unseen."""
    context = browser.new_context(
        viewport={"width": PHONE["width"], "height": PHONE["height"]},
        locale=locale,
        color_scheme="dark" if dark else "light",
    )
    try:
        yield watched(context, origin)
    finally:
        context.close()


def watched(context: BrowserContext, origin: str) -> Phone:
    """Give a page whose errors and policy violations are kept."""
    page = context.new_page()
    held = Phone(page, origin)

    def heard(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(_EXPECTED):
            held.complaints.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: held.complaints.append(str(error)))
    page.add_init_script(
        "addEventListener('securitypolicyviolation', e => console.error('CSP', e.effectiveDirective, e.blockedURI))"
    )
    page.set_default_timeout(20_000)
    return held
