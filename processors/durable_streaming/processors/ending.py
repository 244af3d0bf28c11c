"""The one way in which a worker ends that must not go on."""

import logging
import os
import sys

from .errors import Crashed, ProcessorError

logger = logging.getLogger(__name__)


def end_process(error: BaseException) -> None:
    """Log what happened and leave at once, without cleaning up.

    A worker that lost its partition, or can't write, must not run a single further line that
    commits or stores something.
    """
    ended = error if isinstance(error, ProcessorError) else Crashed(repr(error))
    logger.critical(
        "worker ends: %s",
        type(ended).__name__,
        extra={"exit_code": ended.exit_code, "reason": str(ended)},
        exc_info=None if isinstance(error, ProcessorError) else error,
    )
    sys.stderr.flush()
    os._exit(ended.exit_code)
