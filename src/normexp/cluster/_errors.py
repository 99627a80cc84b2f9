"""What goes wrong with a cluster."""

from normexp.errors import NormexpError

__all__ = ["ClusterError"]


class ClusterError(NormexpError):
    """A cluster that cannot be reached, was lost, or whose workers would make other bits."""
