"""One Ray cluster for all tests of a process."""

import pytest


@pytest.fixture(scope="session")
def cluster():
    """A cluster of two cores; executors use the connection they find."""
    from symbolscope.games.executors.ray_session import ray_session

    with ray_session(address=None, cores=2, store_bytes=100 << 20, token_path=None) as ray:
        yield ray
