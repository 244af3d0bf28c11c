import pytest

from durable_streaming.schemas import MAX_OFFSET, ResumeToken, parse_offset


@pytest.mark.parametrize("text", ["0", "7", "1234567890", str(MAX_OFFSET)])
def test_reads_offsets(text: str) -> None:
    assert parse_offset(text) == int(text)


@pytest.mark.parametrize(
    "text",
    ["", "-1", "-2", "-1001", "+1", "01", "1e3", " 7", "7 ", "7\n", "1_0", "٣", "1.0", "0x1",
     str(MAX_OFFSET + 1), "9" * 40],
)  # fmt: skip
def test_refuses_what_is_no_offset(text: str) -> None:
    with pytest.raises(ValueError, match="no offset"):
        parse_offset(text)


def test_tokens_read_back() -> None:
    token = ResumeToken("6Hjh3NKVQxq833eHcNnFSA", 11, 42)
    assert str(token) == "6Hjh3NKVQxq833eHcNnFSA.11.42"
    assert ResumeToken.parse(str(token)) == token


@pytest.mark.parametrize(
    "text",
    ["", "a.1", "a.1.2.3", ".1.2", "a.-1.2", "a.1.-2", "a.01.2", "a.1.02", "a.1.2\n", "a b.1.2",
     "a.1.٣", f"a.1.{MAX_OFFSET + 1}", f"a.{2**31}.1", "a." + "1" * 30 + ".1", "x" * 65 + ".1.1"],
)  # fmt: skip
def test_refuses_what_is_no_token(text: str) -> None:
    with pytest.raises(ValueError, match="no resume token"):
        ResumeToken.parse(text)
