"""`durable down`: stop what `durable up` started."""

from durable_streaming.cli.exits import UnreachableError
from durable_streaming.cli.options import DataDir
from durable_streaming.cli.output import note


def down(data_dir: DataDir = None) -> None:
    """Stop the stack over a data directory, in order."""
    from durable_streaming.cli.stack import RunFile, chosen_data_dir
    from durable_streaming.cli.supervisor.processes import end_all, end_supervisor

    folder = chosen_data_dir(data_dir)
    run = RunFile.read(folder)
    if run is None:
        raise UnreachableError(f"nothing runs over {folder}")
    if not end_supervisor(run.processes):
        # The supervisor died: its children are still ours to end.
        end_all(run.processes)
    RunFile.remove(folder)
    note(f"stopped what ran over {folder}")
