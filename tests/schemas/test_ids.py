import pytest

from durable_streaming.schemas import is_run_id, partition_for


@pytest.mark.parametrize(
    ("key", "hashed"),
    [
        # Vectors of Apache Kafka's own UtilsTest.testMurmur2.
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_places_keys_as_java_does(key: bytes, hashed: int) -> None:
    for partitions in (1, 2, 12, 97):
        assert partition_for(key, partitions) == (hashed & 0x7FFFFFFF) % partitions


@pytest.mark.parametrize("good", ["r", "run_01J", "a.b:c-d_e", "9" * 128])
def test_accepts_run_ids(good: str) -> None:
    assert is_run_id(good)


@pytest.mark.parametrize(
    "bad", ["", "../x", "-a", ".a", "a/b", "a\n", "é", "٣", "a" * 129, "a b", "run%00", "#position"]
)
def test_refuses_run_ids(bad: str) -> None:
    assert not is_run_id(bad)
