"""Makes the thread pool of the core known to threadpoolctl: `threadpool_limits(1)` then holds for normexp too."""

from typing import Any

from threadpoolctl import LibController, register

__all__ = ["NormexpController"]


class NormexpController(LibController):
    """threadpoolctl's view of the pool."""

    user_api = "normexp"
    internal_api = "normexp"
    filename_prefixes = ("_native",)
    check_symbols = ("normexp_get_num_threads", "normexp_set_num_threads")

    def get_num_threads(self) -> Any:
        return self.dynlib.normexp_get_num_threads()

    def set_num_threads(self, num_threads: int) -> Any:
        return self.dynlib.normexp_set_num_threads(num_threads)

    def get_version(self) -> None:
        return None


register(NormexpController)
