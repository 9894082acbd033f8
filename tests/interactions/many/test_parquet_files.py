"""Tables of explanations go to regular files only, whole or not at all."""

import os
import stat
import subprocess

import pyarrow.parquet
import pytest
import torch

import symbolscope as sy


@pytest.fixture(scope="module")
def explanations():
    network = torch.nn.Linear(3, 1)
    samples = torch.arange(6.0).reshape(2, 3)
    return sy.explain_many(network, samples, baseline=[0.0, 0.0, 0.0], score="output", progress=False)


def test_what_stands_there_stays(explanations, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    for name in ("fifo", "folder", "loop", "x" * 300, "missing/file"):
        with pytest.raises(sy.SymbolscopeError, match="cannot write"):
            explanations.to_parquet(tmp_path / name)
    assert stat.S_ISFIFO(os.lstat(tmp_path / "fifo").st_mode)
    assert sorted(os.listdir(tmp_path)) == ["fifo", "folder", "loop"]


def test_a_link_is_followed_and_nothing_else_left(explanations, tmp_path):
    (tmp_path / "real.parquet").write_bytes(b"old")
    (tmp_path / "real.parquet").chmod(0o600)
    (tmp_path / "link").symlink_to("real.parquet")
    explanations.to_parquet(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    table = pyarrow.parquet.read_table(tmp_path / "real.parquet")
    assert table.num_rows == sum(len(model.effects) for model in explanations)
    assert stat.S_IMODE((tmp_path / "real.parquet").stat().st_mode) == 0o600
    assert sorted(os.listdir(tmp_path)) == ["link", "real.parquet"]


def test_a_full_disk(explanations, tmp_path):
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", tmp_path], capture_output=True).returncode:
        pytest.skip("only root can mount a file system")
    try:
        (tmp_path / "fill").write_bytes(bytes(4096))
        with pytest.raises(sy.SymbolscopeError, match="cannot write"):
            explanations.to_parquet(tmp_path / "out")
        assert os.listdir(tmp_path) == ["fill"]
    finally:
        subprocess.run(["umount", tmp_path], check=True)
