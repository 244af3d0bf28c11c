"""What can go wrong in the guide itself."""


class GuideError(Exception):
    """The guide cannot answer; the message names the remedy."""


class DocumentationUnavailable(GuideError):
    """Kafka's classes did not print their documentation."""


class ModelUnavailable(GuideError):
    """The configured model endpoint refused, broke off, or spoke another protocol."""
