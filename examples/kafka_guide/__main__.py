"""Ask the guide from a terminal: `python -m examples.kafka_guide "What does acks=all mean?"`."""

import argparse
import asyncio
import sys

from durable_streaming.localkafka import ConsoleProgress, LocalKafkaError
from durable_streaming.producers import AgentProducer, ProducerError

from .errors import GuideError
from .fleet import Outcome, Progress, run_fleet
from .local import open_local_index
from .questions import QUESTIONS


def main() -> int:
    """Answer the questions of the command line, or those of the demonstration."""
    parser = argparse.ArgumentParser(prog="python -m examples.kafka_guide", description=__doc__)
    parser.add_argument("question", nargs="*", help="default: a dozen questions")
    parser.add_argument("--pace", type=float, help="tokens a second (default: as fast as possible)")
    parser.add_argument("--concurrency", type=int, default=4, help="runs at a time (default: 4)")
    options = parser.parse_args()
    if (options.pace is not None and options.pace <= 0) or options.concurrency < 1:
        parser.error("--pace must be above 0 and --concurrency at least 1")
    try:
        outcomes = asyncio.run(
            _ask(options.question or list(QUESTIONS), options.pace, options.concurrency)
        )
    except (GuideError, LocalKafkaError, ProducerError) as error:
        print(error, file=sys.stderr)
        return 1
    for outcome in outcomes:
        _show(outcome)
    return 0 if all(outcome.answer for outcome in outcomes) else 1


async def _ask(questions: list[str], pace: float | None, concurrency: int) -> list[Outcome]:
    with await asyncio.to_thread(open_local_index, None, ConsoleProgress()) as index:
        async with AgentProducer() as producer:
            return await run_fleet(
                producer, questions, index, concurrency=concurrency, pace=pace, on_progress=_tell
            )


def _tell(progress: Progress) -> None:
    print(f"{progress.run_id}  {progress.stage:<10} {progress.question}", file=sys.stderr)


def _show(outcome: Outcome) -> None:
    print(f"\n# {outcome.question}\n# run {outcome.run_id}\n")
    if outcome.answer is None:
        print(f"failed: {outcome.error}")
        return
    print(outcome.answer.text)
    for check in outcome.answer.checks:
        print(f"\n[{check.verdict}] {check.check}: {check.detail}", end="")
    print()


if __name__ == "__main__":
    sys.exit(main())
