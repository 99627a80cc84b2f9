import pytest

pytest.importorskip("distributed", reason="the extra cluster")
from normexp.cluster import connected


@pytest.fixture(scope="module")
def client():
    """Of two processes of this machine; gone with the module: other tests look at what this process opens."""
    with connected("local:2") as found:
        yield found
