"""A real Chromium: Debian's or whichever the environment names, never one downloaded here."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

_USUAL = "/usr/bin/chromium"


def executable() -> str:
    """Return where Chromium is; skip the test, or fail it in CI, when there is none."""
    for candidate in (os.environ.get("CHROMIUM"), _USUAL, shutil.which("chromium")):
        if candidate and Path(candidate).exists():
            return candidate
    reason = "no Chromium: install the package chromium, or set CHROMIUM to its path"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start a browser of its own."""
    path = executable()
    # Its sandbox refuses to run for root, which is whom containers run tests as.
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=flags)
        try:
            yield browser
        finally:
            await browser.close()
