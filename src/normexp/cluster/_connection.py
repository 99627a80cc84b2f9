"""From an address to a client whose workers make the same bits as this process."""

import logging
import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any

from normexp._optional import needed
from normexp.cluster._errors import ClusterError
from normexp.cluster._workers import facts, refuse_unlike

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["checked_address", "connected", "current_client", "refuse_other_workers"]

SECONDS = 5.0  # to reach a scheduler, and for it to have a worker
SECONDS_OF_STARTS = 60.0  # of processes here
MOST_LOCAL = 256


def current_client() -> "Client | None":
    """The Dask client that is current in this process; none on a worker, whose own threads do what its task asks for."""
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return None
    try:
        distributed.get_worker()
    except ValueError:
        with suppress(ValueError):  # there is none
            client: Client = distributed.Client.current()
            return None if client.asynchronous else client
    return None


@contextmanager
def connected(address: str) -> Iterator["Client"]:
    """A Dask client of the scheduler at `tcp://host:port` (or `tls://`), or of so many processes of this machine: `local:4`.

    Raises ValueError for an address of another form, and ClusterError where no scheduler with a worker answers within five seconds.
    """
    n_local = _n_local(checked_address(address))
    distributed = needed("distributed", "clusters", "cluster")
    for name in ("asyncio", "distributed", "tornado", *logging.root.manager.loggerDict):
        if name.partition(".")[0] in ("asyncio", "distributed", "tornado"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)  # what is wrong is said in our words
    with ExitStack() as open_:
        yield _of_this_machine(distributed, n_local, open_) if n_local else open_.enter_context(_client(distributed, address))


def checked_address(address: str) -> str:
    """The address; raises ValueError for one of another form."""
    found = re.fullmatch(r"(?:tcp|tls)://\S+:(\d{1,5})", address)
    if not _n_local(address) and not (found and 0 < int(found[1]) < 65_536):
        raise ValueError(f"expected a cluster such as tcp://scheduler:8786, or local:4 for four processes of this machine (at most {MOST_LOCAL}), got '{address}'")
    return address


def _n_local(address: str) -> int:
    """Processes of this machine; 0 for a scheduler elsewhere."""
    found = re.fullmatch(r"local:([1-9]\d{0,2})", address)
    return int(found[1]) if found and int(found[1]) <= MOST_LOCAL else 0


def _of_this_machine(distributed: Any, n: int, open_: ExitStack) -> "Client":
    """Of so many processes, which an interrupt of the terminal does not reach: they end with this one."""
    _start_tracker()
    # Dask looks for a lost worker after 15 s, and gives it up for good if it is away just then, as one that is killed again is
    open_.enter_context(needed("dask", "clusters", "cluster").config.set({"distributed.deploy.lost-worker-timeout": "1 day"}))
    cluster = open_.enter_context(
        distributed.LocalCluster(n_workers=0, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=logging.CRITICAL, memory_limit=0)
    )
    client: Client = open_.enter_context(distributed.Client(cluster))
    cluster.sync(_block_interrupts)
    cluster.scale(n)
    client.wait_for_workers(n, timeout=SECONDS_OF_STARTS)
    return client


def _start_tracker() -> None:
    """Of the processes' semaphores: else the first of them would start it, which allows interrupts again. Its warnings, after an interrupt, are nobody's business."""
    before = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = "ignore"
    resource_tracker.ensure_running()
    if before is None:
        del os.environ["PYTHONWARNINGS"]
    else:
        os.environ["PYTHONWARNINGS"] = before


async def _block_interrupts() -> None:
    """In the thread of the event loop, whose processes inherit it, those that replace a killed one too."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _client(distributed: Any, address: str) -> "Client":
    client: Client | None = None
    try:
        client = distributed.Client(address, timeout=SECONDS)
        client.wait_for_workers(1, timeout=SECONDS)
    except (OSError, TimeoutError, TypeError, ValueError) as error:  # of what is no name of a machine, or of tls:// without Dask's settings for it, too
        if client is not None:
            client.close(timeout=SECONDS)
        raise ClusterError(
            f"expected a Dask scheduler with workers at {address}, got no answer within {SECONDS:.0f} s ({str(error) or type(error).__name__}); is it running there "
            "(dask scheduler; dask worker ADDRESS), and is the port open? --cluster local:2 needs none"
        ) from error
    return client


def refuse_other_workers(client: "Client") -> None:
    """Raises ClusterError where a worker has something else than this process on which the bits depend."""
    own = facts()
    for worker, found in client.run(facts, on_error="return").items():
        if isinstance(found, OSError):  # it is gone; who comes in its place is asked with its tasks
            continue
        if not isinstance(found, dict):
            raise ClusterError(f"expected workers that have normexp {own['normexp']}, got one without ({worker}: {found}); install it there")
        refuse_unlike(own, found, worker)
