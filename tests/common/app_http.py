"""Let a headless wallet speak to applications in this process, through everything but the network."""

from collections.abc import Mapping

from apiflask import APIFlask

from cli.wallet.http import Answer, WalletHttp


class AppHttp(WalletHttp):
    """Route each base URL to an application; nobody else can be reached."""

    def __init__(self, apps: Mapping[str, APIFlask]) -> None:
        super().__init__(allow_loopback=True)
        self._clients = {url: app.test_client(use_cookies=False) for url, app in apps.items()}
        self.asked: list[tuple[str, str]] = []

    def exchange(self, method: str, url: str, body: bytes | None = None, *, headers: Mapping[str, str]) -> Answer:
        parts = self._judged(url)
        client = self._clients[f"{parts.scheme}://{parts.netloc}"]
        self.asked.append((method, parts.path))
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        answer = client.open(target, method=method, data=body, headers=dict(headers))
        named: dict[str, str] = {}
        for name, value in answer.headers.items():
            lower = name.lower()
            named[lower] = f"{named[lower]}, {value}" if lower in named else value
        return Answer(answer.status_code, named, answer.data)
