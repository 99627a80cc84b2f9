"""From an address to a client whose workers make the same bits as this process."""

import logging
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from normexp._optional import needed
from normexp.cluster._workers import facts
from normexp.errors import NormexpError

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["ClusterError", "connected", "refuse_other_workers"]

SECONDS = 5.0  # to reach a scheduler, and for it to have a worker
MOST_LOCAL = 256


class ClusterError(NormexpError):
    """A cluster that cannot be reached, was lost, or whose workers would make other bits."""


@contextmanager
def connected(address: str) -> Iterator["Client"]:
    """A Dask client of the scheduler at `tcp://host:port` (or `tls://`), or of so many processes of this machine: `local:4`.

    Raises ValueError for an address of another form, and ClusterError where no scheduler answers within five seconds, none of its workers is there, or they have another version
    of normexp or another instruction set.
    """
    local = re.fullmatch(r"local:([1-9]\d{0,2})", address)
    if not local and not re.fullmatch(r"(tcp|tls)://\S+:\d{1,5}", address) or local and int(local[1]) > MOST_LOCAL:
        raise ValueError(f"expected a cluster such as tcp://scheduler:8786, or local:4 for four processes of this machine, got '{address}'")
    distributed = needed("distributed", "clusters", "cluster")
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what is wrong is said in our words
    with ExitStack() as open_:
        if local:
            cluster = distributed.LocalCluster(
                n_workers=int(local[1]), threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=logging.CRITICAL, memory_limit=0
            )
            open_.enter_context(cluster)
            client = open_.enter_context(distributed.Client(cluster))
        else:
            client = open_.enter_context(_client(distributed, address))
        refuse_other_workers(client)
        yield client


def _client(distributed: Any, address: str) -> "Client":
    try:
        client: Client = distributed.Client(address, timeout=SECONDS)
        client.wait_for_workers(1, timeout=SECONDS)
    except (OSError, TimeoutError) as error:
        raise ClusterError(
            f"expected a Dask scheduler with workers at {address}, got no answer within {SECONDS:.0f} s ({str(error) or type(error).__name__}); is it running there "
            "(dask scheduler; dask worker ADDRESS), and is the port open? --cluster local:2 needs none"
        ) from error
    return client


def refuse_other_workers(client: "Client") -> None:
    """Raises ClusterError where a worker has something else than this process on which the bits depend."""
    own = facts()
    for worker, found in client.run(facts, on_error="return").items():
        if not isinstance(found, dict):
            raise ClusterError(f"expected workers that have normexp {own['normexp']}, got one without ({worker}: {found}); install it there")
        for name, value in found.items():
            if value != own[name]:
                cure = "start all of them, and this, with NORMEXP_ISA set to what all have" if name == "instruction set" else "install the same everywhere"
                raise ClusterError(f"expected workers with {name} {own[name]}, as here, got {value} ({worker}): the same model would have other bits; {cure}")
