"""What a stack consists of: the children, their settings and addresses."""

from dataclasses import dataclass
from pathlib import Path

from durable_streaming.cli.supervisor.child import Child
from durable_streaming.cli.supervisor.ports import HOST, free_port


@dataclass(slots=True, frozen=True)
class Plan:
    """What `durable up` was asked for.

    Attributes:
        port: of the first gateway; the others take the ones after it.
        bootstrap: an existing cluster's; None: a broker of our own.
    """

    data_dir: Path
    port: int
    workers: int
    gateways: int
    bootstrap: str | None

    @property
    def logs(self) -> Path:
        """Where the children's output goes."""
        return self.data_dir / "logs"

    @property
    def kafka_dir(self) -> Path:
        """Where our own broker keeps its log."""
        return self.data_dir / "kafka"

    @property
    def gateway_ports(self) -> list[int]:
        """The ports that gateways listen on."""
        return [self.port + n for n in range(self.gateways)]

    @property
    def gateway_urls(self) -> list[str]:
        """The gateways' addresses."""
        return [f"http://{HOST}:{port}" for port in self.gateway_ports]

    def children(self, bootstrap: str) -> dict[Child, str]:
        """Describe the children, each with the address that says whether it is ready."""
        common = {
            "DURABLE_KAFKA_BOOTSTRAP": bootstrap,
            "DURABLE_DATA_DIR": str(self.data_dir),
        }
        found: dict[Child, str] = {}
        for number in range(1, self.workers + 1):
            name = f"processor-{number}"
            health = free_port()
            environment = {
                **common,
                "DURABLE_PROCESSOR_ID": name,
                "DURABLE_PROCESSOR_PORT": str(health),
            }
            child = Child("processor", name, "processor", environment, self.logs)
            found[child] = f"http://{HOST}:{health}/readyz"
        for port in self.gateway_ports:
            environment = {**common, "DURABLE_HOST": HOST, "DURABLE_PORT": str(port)}
            child = Child("gateway", f"gateway-{port}", "gateway", environment, self.logs)
            found[child] = f"http://{HOST}:{port}/readyz"
        return found
