from collections.abc import Iterator

import pytest

from tests.cli.stacks import RunningStack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """One stack on a broker of its own, for all tests of the command line."""
    running = RunningStack(tmp_path_factory.mktemp("stack"))
    try:
        ready = running.up()
        assert ready == (
            f"ready gateway={running.run_file.gateway_url} kafka={running.run_file.kafka_bootstrap}"
        )
        yield running
    finally:
        running.down()
