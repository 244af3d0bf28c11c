"""The schema of a batched topic: a batch is handed on as it is."""

from typing import Any

import faust


class BatchSchema(faust.Schema[Any, Any]):
    """Leaves decoding to the stream function, which has the whole batch before it.

    Faust decodes one message at a time and drops one that fails; with a batch in the message
    it would drop thousands.
    """

    def loads_key(self, app: Any, message: Any, **_: Any) -> Any:
        """Return the key as it is: a batch has none."""
        return message.key

    def loads_value(self, app: Any, message: Any, **_: Any) -> Any:
        """Return the batch's records as they were fetched."""
        return message.value
