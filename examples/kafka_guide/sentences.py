"""Cutting documentation into sentences that can be quoted as they stand."""

import re

#: Between two sentences: space after an end mark, before something a sentence can begin with; or
#: nothing at all, where the documentation forgot the space (`...enabled).This can be...`).
_BETWEEN = re.compile(
    r"(?<=[.!?])(?<!e\.g\.)(?<!i\.e\.)(?<!etc\.)(?<!vs\.)\s+(?=[A-Z\"'`(\[<]|[a-z_]+=)"
    r"|(?<=[a-z)]\.)(?=[A-Z][a-z]+ [a-z])"
)


def sentences(block: str) -> list[str]:
    """Cut one paragraph or list item into its sentences, each verbatim."""
    return [sentence for sentence in _BETWEEN.split(block) if sentence]
