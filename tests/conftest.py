"""For every test: one thread for torch, since several test processes with several threads each wait for one another."""

import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    torch.set_num_threads(1)
