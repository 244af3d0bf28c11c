"""OpenTelemetry's trace context, as a record header, for programs that trace."""

import sys
from typing import Any


def trace_headers() -> list[tuple[str, bytes]] | None:
    """Give the W3C `traceparent` of the active span; None where nothing traces.

    Nothing is imported for it: without the program's own OpenTelemetry there is no active span.
    """
    api: Any = sys.modules.get("opentelemetry.trace")
    if api is None:
        return None
    context = api.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    parent = f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"
    return [("traceparent", parent.encode())]
