"""Identity of a run, and the partition that Kafka's own murmur2 gives it."""

import re
from functools import lru_cache

RUN_ID_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}"
MAX_RUN_ID_BYTES = 128

_RUN_ID = re.compile(RUN_ID_PATTERN, re.ASCII)
_MASK = 0xFFFFFFFF


def is_run_id(text: str) -> bool:
    """Say whether `text` may name a run."""
    return _RUN_ID.fullmatch(text) is not None


@lru_cache(maxsize=65_536)
def partition_for(key: bytes, partitions: int) -> int:
    """Place a key as Java's default partitioner does (librdkafka: `murmur2_random`).

    Args:
        key: the record's key, for events the run id in UTF-8.
        partitions: the topic's partition count, at least 1.
    """
    return (_murmur2(key) & 0x7FFFFFFF) % partitions


def _murmur2(data: bytes) -> int:
    # org.apache.kafka.common.utils.Utils.murmur2, in unsigned 32-bit arithmetic.
    length = len(data)
    magic = 0x5BD1E995
    hashed = (0x9747B28C ^ length) & _MASK
    whole = length & ~3
    for at in range(0, whole, 4):
        block = int.from_bytes(data[at : at + 4], "little") * magic & _MASK
        block ^= block >> 24
        hashed = (hashed * magic & _MASK) ^ (block * magic & _MASK)
    if whole < length:
        hashed ^= int.from_bytes(data[whole:], "little")
        hashed = hashed * magic & _MASK
    hashed ^= hashed >> 13
    hashed = hashed * magic & _MASK
    return hashed ^ (hashed >> 15)
