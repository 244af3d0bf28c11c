"""Everything that can go wrong in a gateway itself.

    GatewayError
    +-- InsecureBindError    an address that others can reach, without authentication
    +-- AuthSettingsError    the settings do not say how to authenticate
    +-- PortInUseError       something else listens there
    +-- StoreError
        +-- StoreLockedError     another process has the store open
        +-- StoreDamagedError    the store can't be read; it is dropped and rebuilt from Kafka
    +-- TailError
        +-- EpochChangedError    the topic was deleted and created again
        +-- LogTruncatedError    the broker's end is below what was read already

What a client did wrong is a `Refusal` (refusals.py), not one of these.
"""


class GatewayError(Exception):
    """Root of this package's errors."""


class InsecureBindError(GatewayError):
    """The address can be reached from outside while nobody is authenticated."""


class AuthSettingsError(GatewayError):
    """The settings of authentication are missing something, or contradict."""


class PortInUseError(GatewayError):
    """Something else listens on the port."""


class StoreError(GatewayError):
    """The store on disk can't be used."""


class StoreLockedError(StoreError):
    """Another process has this store open."""


class StoreDamagedError(StoreError):
    """The store can't be read or written; Kafka has everything, so it is rebuilt."""


class TailError(GatewayError):
    """The tail can't go on from where it is."""


class EpochChangedError(TailError):
    """A topic was deleted and created again: its offsets mean other records now."""


class LogTruncatedError(TailError):
    """The broker's end is below a position that was read before: the log lost records."""
