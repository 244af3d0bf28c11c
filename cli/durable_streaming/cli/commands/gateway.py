"""`durable gateway`: run one gateway, as containers and service managers do."""


def gateway() -> None:
    """Run one gateway in the foreground; settings come from the environment."""
    from durable_streaming.cli.exits import CliError
    from durable_streaming.gateway.errors import GatewayError
    from durable_streaming.gateway.server import serve
    from durable_streaming.gateway.settings import GatewaySettings

    try:
        serve(GatewaySettings())
    except GatewayError as error:
        raise CliError(str(error)) from error
