"""Pieces of work side by side: all are done, the first failure is raised, and the rest stop."""

import signal
import threading
import time

import pytest
import torch

import symbolscope as sy
from symbolscope.alignment.align import align_many
from symbolscope.alignment.threads import run_all

TASK = sy.tasks.MultiObject(max_count=4)


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_every_piece_is_called_once(n_threads, two_threads):
    called = []
    run_all([lambda _, i=i: called.append((i, torch.get_num_threads())) for i in range(7)], n_threads=n_threads)
    assert sorted(i for i, _ in called) == list(range(7))
    assert {threads for _, threads in called} == {2 if n_threads == 1 else 1}
    assert torch.get_num_threads() == 2


def test_a_failure_stops_the_others_and_is_raised(two_threads):
    ended = []

    def fails(_):
        raise ValueError("no")

    def goes_on(stop):
        ended.append(stop.wait(20))

    with pytest.raises(ValueError, match="no"):
        run_all([goes_on, fails, goes_on], n_threads=2)
    assert ended == [True] * len(ended)
    assert torch.get_num_threads() == 2


def test_an_interruption_stops_them_all(two_threads):
    ended = []
    timer = threading.Timer(0.3, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        run_all([lambda stop: ended.append(stop.wait(20))] * 2, n_threads=2)
    assert ended == [True, True]


def test_threads_find_what_one_finds(two_threads):
    """The same draws; rows go through the network in other groups, so that the last bits may differ."""
    network, program = sy.networks.GRU(TASK.vocabulary, width=10), sy.programs.UpDown(TASK)
    sy.train(network, TASK, steps=300, progress=False)

    def found(n_threads):
        torch.set_num_threads(n_threads)
        return align_many(
            network, program, TASK, variables=("count", "phase"), featurizers=[sy.featurizers.Linear(size=2)], restarts=3, steps=30,
            check_every=10, n_pairs=400, n_validation=100, progress=False, force=True,
        )  # fmt: skip

    for one, two in zip(found(1), found(2), strict=True):
        for left, right in zip(one.restarts, two.restarts, strict=True):
            assert left.seed == right.seed
            assert left.losses == pytest.approx(right.losses, rel=1e-3)


def test_a_network_that_may_not_be_run_twice_at_once_is_not(two_threads, monkeypatch):
    """A user's module may keep something of a pass in itself."""
    inside, most = 0, 0

    class Mine(sy.networks.Toy1d):
        reentrant = False

        def resume(self, states, tokens, lengths=None):
            nonlocal inside, most
            inside += 1
            most = max(most, inside)
            time.sleep(0.001)
            try:
                return super().resume(states, tokens, lengths)
            finally:
                inside -= 1

    align_many(
        Mine(TASK), sy.programs.UpDown(TASK), TASK, featurizers=[sy.featurizers.Orthogonal(size=1)], restarts=4, steps=8,
        n_pairs=100, n_validation=50, progress=False,
    )  # fmt: skip
    assert most == 1
