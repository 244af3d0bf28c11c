"""`durable`: the command line."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

import typer

from durable_streaming.cli.commands import (
    bench,
    doctor,
    down,
    export,
    gateway,
    import_,
    inspect,
    ls,
    processor,
    publish,
    rebuild,
    replay,
    status,
    tail,
    topics,
    up,
    verify,
)
from durable_streaming.cli.exits import FAILED, UNREACHABLE, USAGE, CliError
from durable_streaming.cli.output import stderr

if TYPE_CHECKING:
    from pydantic import ValidationError

app = typer.Typer(
    name="durable",
    help="Durable, replayable, provable streams of AI-agent runs on Kafka.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_COMMANDS: dict[str, Callable[..., None]] = {
    "up": up.up,
    "down": down.down,
    "status": status.status,
    "publish": publish.publish,
    "import": import_.import_,
    "ls": ls.ls,
    "inspect": inspect.inspect,
    "tail": tail.tail,
    "replay": replay.replay,
    "verify": verify.verify,
    "export": export.export,
    "doctor": doctor.doctor,
    "rebuild": rebuild.rebuild,
    "topics": topics.topics,
    "processor": processor.processor,
    "gateway": gateway.gateway,
}
for name, command in _COMMANDS.items():
    app.command(name)(command)
app.add_typer(bench.bench, name="bench")


def main() -> None:
    """Run one command; what it can't do is said in a sentence, not in a traceback."""
    try:
        app()
    except CliError as error:
        _fail(str(error), error.code)
    except BrokenPipeError:
        # The reader of our output has gone, as `head` does: not an error of ours.
        sys.stderr.close()
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        # Imported only now: most commands that fail never touched the log.
        from pydantic import ValidationError

        from durable_streaming.eventlog import EventLogError, LogUnavailable

        if isinstance(error, ValidationError):
            _fail(_wrong_settings(error), USAGE)
        if isinstance(error, LogUnavailable):
            _fail(f"the broker does not answer ({error}): is it running?", UNREACHABLE)
        if isinstance(error, EventLogError):
            _fail(str(error), FAILED)
        raise


def _wrong_settings(error: "ValidationError") -> str:
    # Without what was given: it may be a secret.
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return "wrong settings: " + "; ".join(
        f"DURABLE_{'_'.join(map(str, one['loc'])).upper()}: {one['msg']}" for one in found
    )


def _fail(message: str, code: int) -> NoReturn:
    stderr.print(f"error: {message}", markup=False, soft_wrap=True)
    sys.exit(code)
