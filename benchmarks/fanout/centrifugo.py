"""Centrifugo, fed from the topic by its own consumer; the binary is named by whoever has one."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from durable_streaming.eventlog import KafkaSettings

from .events import CHANNELS_HEADER

# Commands to it are one a line; a frame may hold several.
HELLO: Final = '{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"%s"}}'
READY_ON: Final = '"id":2'


def command(binary: str, settings: KafkaSettings, port: int, directory: Path) -> Sequence[str]:
    """Write its configuration; give the command to start it."""
    config = {
        "http_server": {"address": "127.0.0.1", "port": str(port)},
        "health": {"enabled": True},
        "client": {
            "insecure": True,
            "allowed_origins": ["*"],
            # As ours, so that a crowd is not cut off while it is behind.
            "queue_max_size": 64 * 1024 * 1024,
        },
        "channel": {"without_namespace": {"history_size": 1_000, "history_ttl": "60s"}},
        "consumers": [
            {
                "enabled": True,
                "name": "events",
                "type": "kafka",
                "kafka": {
                    "brokers": [settings.kafka_bootstrap],
                    "topics": [settings.topics.events],
                    "consumer_group": f"benchmark-{port}",
                    "publication_data_mode": {
                        "enabled": True,
                        "channels_header": CHANNELS_HEADER,
                    },
                },
            }
        ],
        "log": {"level": "error"},
    }
    path = directory / "centrifugo.json"
    path.write_text(json.dumps(config))
    return binary, "--config", str(path)
