"""The option --cluster: where the tasks of a command run."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import click

from normexp._checks import counted
from normexp.cli._console import say

if TYPE_CHECKING:
    from normexp.cluster import ClusterExecutor

__all__ = ["cluster_option", "executor_of"]


class Address(click.ParamType[str]):
    name = "ADDRESS"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        from normexp.cluster import checked_address

        try:
            return checked_address(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


cluster_option = click.option(
    "--cluster", type=Address(), help="Work on a Dask cluster: tcp://scheduler:8786, or local:4 for four processes here. The model does not depend on it."
)


@contextmanager
def executor_of(address: str | None) -> "Iterator[ClusterExecutor | None]":
    """Of the cluster at the address, whose workers and dashboard are told; None without one."""
    if address is None:
        yield None
        return
    from normexp.cluster import ClusterExecutor, connected

    with connected(address) as client:
        executor = ClusterExecutor(client)
        dashboard = f"; dashboard: {client.dashboard_link}" if find_spec("bokeh") and not address.startswith("local:") else ""
        say(f"cluster {address}: {counted(len(client.nthreads()), 'worker')}, {counted(executor.n_threads, 'task')} at a time{dashboard}")
        yield executor
        say(f"cluster {address}: a worker took {executor.peak_memory() / 2**20:.0f} MB at most")
