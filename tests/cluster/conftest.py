import pytest

pytest.importorskip("distributed", reason="the extra cluster")
from normexp.cluster import connected


@pytest.fixture(scope="session")
def client():
    """Of two processes of this machine."""
    with connected("local:2") as found:
        yield found
