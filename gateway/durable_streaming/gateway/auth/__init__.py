"""Who is there, and which runs they may see."""

from durable_streaming.gateway.auth.authenticator import Authenticator
from durable_streaming.gateway.auth.principal import ANYONE, Grants, Principal
from durable_streaming.gateway.auth.recheck import Recheck

__all__ = ["ANYONE", "Authenticator", "Grants", "Principal", "Recheck"]
