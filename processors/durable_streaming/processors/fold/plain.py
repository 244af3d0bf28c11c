"""Canonical JSON of values that hold no float, which is nearly all that the fold writes.

`canonical` must look at every leaf for floats, whose form differs, before it lets a C encoder
write; that look costs twenty times the writing, at each commit of each run.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

plain: Final[Callable[[Any], bytes]] = msgspec.json.Encoder(order="sorted").encode
"""Write a value without floats as `canonical` does."""
