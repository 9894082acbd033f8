"""The fuzzer of files, small; ``python tests/fuzz/fuzz_files.py --files 100000`` is the long one."""

import signal

import pytest
from tests.fuzz import fuzz_files


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return fuzz_files.good_files(tmp_path_factory.mktemp("good"))


def test_every_good_file_is_read(good, tmp_path):
    assert len({one.kind for one in good}) == 8
    for number, one in enumerate(good):
        path = tmp_path / str(number) / one.name
        path.parent.mkdir()
        path.write_bytes(one.content)
        found = one.read(path)
        assert not one.same or found == one.content


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", [101, 102])
def test_changed_files_are_read_or_refused(seed):
    def late(*_):
        raise fuzz_files.TooLong

    before = signal.signal(signal.SIGALRM, late)
    try:
        outcomes = fuzz_files.fuzz(600, seed=seed)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert outcomes.faults == []
    assert sum(outcomes.counts.values()) == 600
    assert {name.partition(": ")[2] for name in outcomes.counts} == {"read", "refused"}
