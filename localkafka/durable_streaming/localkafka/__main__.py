"""Run a broker in the foreground: ``python -m durable_streaming.localkafka --data-dir D``."""

import argparse
import signal
import sys
from pathlib import Path

from .broker import LocalKafka
from .errors import LocalKafkaError
from .progress import ConsoleProgress


def main() -> int:
    """Start a broker, prints its address, and ends it on Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m durable_streaming.localkafka")
    parser.add_argument("--data-dir", type=Path, required=True, help="where the log is kept")
    parser.add_argument("--port", type=int, help="port to listen on (default: a free one, kept)")
    options = parser.parse_args()
    # A service manager's SIGTERM ends it as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        kafka = LocalKafka(options.data_dir, port=options.port)
    except ValueError as error:
        parser.error(str(error))
    try:
        kafka.start(progress=ConsoleProgress())
        sys.stdout.write(f"ready kafka={kafka.bootstrap} pid={kafka.pid}\n")
        sys.stdout.flush()
        kafka.wait()
        if failure := kafka.failure():
            raise failure
    except KeyboardInterrupt:
        kafka.stop()
    except LocalKafkaError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
