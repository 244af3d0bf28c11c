"""Why did it end? From the broker's own words to an error with a remedy."""

from .config import Ports
from .data_dir import DataDir
from .errors import BrokerFailed, LocalKafkaError
from .ports import port_in_use
from .server_log import ServerLog

_NO_SPACE = ("No space left on device", "Disk quota exceeded")

_ADDRESS_IN_USE = "Address already in use"

# A page of a memory-mapped index that the disk has no block for is a fault, not an error code.
_MAPPED_PAGE_LOST = ("SIGBUS", "a fault occurred in an unsafe memory access operation")

_NO_MEMORY = (
    "Could not reserve enough space",
    "insufficient memory",
    "Cannot allocate memory",
    "java.lang.OutOfMemoryError",
)

_NEARLY_FULL_BYTES = 2 * 1024 * 1024
"""A full disk often leaves no room for the line in the log that would say so."""


def explain(outcome: str, data: DataDir, log: ServerLog, ports: Ports) -> LocalKafkaError:
    """Find the most helpful error for a broker that ended or does not serve.

    Args:
        outcome: What was seen, a clause such as "ended with exit code 1".
        data: Its data directory.
        log: What it printed.
        ports: What it was to listen on.
    """
    text = log.text()
    if _mentions(text, _NO_SPACE) or data.free_bytes() < _NEARLY_FULL_BYTES:
        return data.full()
    if _ADDRESS_IN_USE in text:
        port = next((port for port in ports if f":{port}" in text), ports.broker)
        return port_in_use(port, _ADDRESS_IN_USE)
    return BrokerFailed(
        f"The broker over {data.path} {outcome}. The end of {log.path}:\n{log.tail()}",
        remedy=_remedy(text),
    )


def _remedy(text: str) -> str:
    if _mentions(text, _NO_MEMORY):
        return "free memory (the broker takes about 250 MB), or raise its heap."
    if _mentions(text, _MAPPED_PAGE_LOST):
        return "check the disk under the data directory: it is full or failing."
    return (
        "the lines above name the cause; common ones are a full disk (df -h), a port in use "
        "(ss -ltnp), too little memory (free -m), or a data directory of another Kafka version."
    )


def _mentions(text: str, marks: tuple[str, ...]) -> bool:
    return any(mark in text for mark in marks)
