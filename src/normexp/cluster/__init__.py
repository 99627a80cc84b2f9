"""Tasks of a fit on the workers of a Dask cluster: the same model, to the bit, with any number of them, and after any of them was killed."""

from normexp.cluster._connection import checked_address as checked_address
from normexp.cluster._connection import connected as connected
from normexp.cluster._connection import current_client as current_client
from normexp.cluster._errors import ClusterError as ClusterError
from normexp.cluster._executor import ClusterExecutor as ClusterExecutor

__all__ = ["ClusterError", "ClusterExecutor", "checked_address", "connected", "current_client"]
