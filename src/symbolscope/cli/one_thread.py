"""Small networks on one thread: they wait longer for their threads than they compute, most of all on a busy machine."""

from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Generator[None, None, None]:
    """One thread for torch inside, as many as before outside."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
