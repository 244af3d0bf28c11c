"""`durable bench`: load for the stack that is there."""

from typing import Annotated

import typer

from durable_streaming.cli.exits import CliError
from durable_streaming.cli.options import DataDir
from durable_streaming.cli.output import emit, is_terminal, note, print_table, stderr

# As a shell says that a program was interrupted, and as every command here ends by Ctrl-C.
_INTERRUPTED = 130

bench = typer.Typer(help="Put load on a stack, and measure.", no_args_is_help=True)


@bench.command("publish")
def publish(
    runs: Annotated[int, typer.Option(min=1, max=100_000, help="At a time.")] = 500,
    rate: Annotated[float, typer.Option(min=0.01, help="Tokens a second of each run.")] = 30.0,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long.")] = 30.0,
    json: Annotated[bool, typer.Option("--json", help="JSON on a terminal, too.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Publish runs as a fleet of streaming agents does; prints what it took.

    The runs are whole: each ends with the answer that it streamed, and carries the tag `bench`.
    Ctrl-C ends them early; a second one leaves them as they are.
    """
    import asyncio
    import os
    import signal

    from durable_streaming.cli.load import Load, loop_factory, publish_load
    from durable_streaming.cli.stack import find_stack
    from durable_streaming.eventlog import KafkaLog
    from durable_streaming.producers import ProducerError

    settings = find_stack(data_dir).kafka
    # Without it a missing broker or topic would show itself minutes later.
    KafkaLog(settings).admin().describe(settings.topics.events)

    async def generate() -> Load:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()

        def end() -> None:
            if stop.is_set():
                # Meant at once: a broker that is away may not answer for minutes.
                stderr.show_cursor()
                os._exit(_INTERRUPTED)
            stop.set()

        loop.add_signal_handler(signal.SIGINT, end)
        loop.call_later(seconds, stop.set)
        with stderr.status("starting") as status:

            def show(load: Load) -> None:
                done = (
                    "ending the runs" if stop.is_set() else f"{load.seconds:.0f} of {seconds:.0f} s"
                )
                status.update(f"{done}: {load.tokens:,} tokens, {load.completed:,} runs completed")

            return await publish_load(settings, runs=runs, rate=rate, stop=stop, show=show)

    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            figures = runner.run(generate()).as_json()
    except* ProducerError as failed:
        raise CliError(f"not everything was stored: {failed.exceptions[0]}") from failed
    if json or not is_terminal():
        emit(figures)
        return
    print_table(("figure", ""), figures.items())
    note(f"list the runs: durable ls --agent bench (tag bench={figures['label']})")
