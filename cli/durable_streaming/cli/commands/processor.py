"""`durable processor`: run one processor, as containers and service managers do."""


def processor() -> None:
    """Run one processor in the foreground; settings come from the environment."""
    from durable_streaming.processors import worker
    from durable_streaming.processors.settings import ProcessorSettings

    worker.run(ProcessorSettings())
