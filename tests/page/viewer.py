"""A person who looks at a run, and what they would see."""

from playwright.async_api import ConsoleMessage, Page, Request, expect


class Viewer:
    """A page that is watched: errors on its console, and requests that leave its origin."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.faults: list[str] = []
        self.expected_faults: list[str] = []
        self._origin = origin
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.faults.append(f"uncaught: {error}"))
        page.on("request", self._request)
        page.on("dialog", lambda dialog: self.faults.append(f"dialog: {dialog.message}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.faults.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith(self._origin):
            self.faults.append(f"left the origin: {request.url}")

    def expect_faults(self, *parts: str) -> None:
        """Let console messages pass that contain one of these: the test causes them itself."""
        self.expected_faults.extend(parts)

    def check(self) -> None:
        """Fail when anything went wrong that the test did not cause."""
        left = [
            fault
            for fault in self.faults
            if not any(part in fault for part in self.expected_faults)
        ]
        assert left == []

    async def open(self, run_id: str) -> None:
        await self.page.goto(f"/runs/{run_id}")

    async def sees_state(self, state: str, *, within_s: float = 10) -> None:
        pill = self.page.locator(f".pill[data-state={state}]")
        await expect(pill).to_be_visible(timeout=within_s * 1_000)

    async def sees_text(self, text: str, *, within_s: float = 10) -> None:
        """Wait until the answer is this text, to the character."""
        await self.page.wait_for_function(
            "text => document.getElementById('answer')?.textContent === text",
            arg=text,
            timeout=within_s * 1_000,
        )

    async def text(self) -> str:
        return str(await self.page.locator("#answer").evaluate("answer => answer.textContent"))

    async def steps(self) -> list[tuple[str, str]]:
        """Return title and word of each step, in order."""
        pairs = await self.page.locator(".steps .step .line").evaluate_all(
            "lines => lines.map((line) => [...line.children].map((part) => part.textContent))"
        )
        return [(title, status) for title, status in pairs]
