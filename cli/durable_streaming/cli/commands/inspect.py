"""`durable inspect`: one run as it stands."""

import json
import sys

from durable_streaming.cli.options import DataDir, RunId
from durable_streaming.cli.output import emit, is_terminal


def inspect(run_id: RunId, data_dir: DataDir = None) -> None:
    """Show a run's draft, packet and reconciliation, and the position they stand at."""
    from durable_streaming.cli.client import GatewayClient
    from durable_streaming.cli.stack import find_stack

    with GatewayClient(find_stack(data_dir).need_gateway()) as gateway:
        found = gateway.run(run_id)
    if is_terminal():
        # Escaped, so that nothing in an agent's text can steer the terminal.
        sys.stdout.write(json.dumps(found, indent=2, ensure_ascii=True) + "\n")
    else:
        emit(found)
