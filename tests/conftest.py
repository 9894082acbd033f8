"""For every test: hypothesis without clock or chance, and one thread for torch."""

import pytest
import torch
from hypothesis import settings

# The first example of a test may wait for numba to compile, and the same examples run everywhere.
settings.register_profile("tests", deadline=None, derandomize=True)
settings.load_profile("tests")


def pytest_addoption(parser):
    parser.addoption(
        "--fuzz", type=int, default=0, metavar="N", help="make N fuzzed calls (or files) instead of a few hundred"
    )


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Several test processes with several threads each would wait for one another."""
    torch.set_num_threads(1)
