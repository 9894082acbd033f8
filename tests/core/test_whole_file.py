"""Outputs go to regular files only, through symbolic links, whole or not at all, whatever the disk or the user does."""

import errno
import os
import re
import signal
import socket
import stat
import subprocess
import sys

import numpy as np
import pytest

import symbolscope as sy
from symbolscope.cli.destinations import check_destination, existing_file
from symbolscope.core.whole_file import as_path, whole_file, write_whole

MODEL = sy.decompose(np.arange(8.0))
GRAPH = sy.AndOrGraph.from_interactions(MODEL)
TASK = sy.tasks.MultiObject(max_count=3)


def _train(path):
    sy.train(sy.networks.GRU(TASK.vocabulary, width=4), TASK, steps=1, n_check=10, checkpoint=path, progress=False)


WRITERS = {
    "model": MODEL.save,
    "page": lambda path: sy.write_report(path, MODEL, nulls=False),
    "checkpoint": _train,
    "bytes": lambda path: write_whole(path, b"content"),
    "graph": GRAPH.to_graphml,
}
every_writer = pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)


def _fifo(folder):
    os.mkfifo(folder / "out")


def _socket(folder):
    made = socket.socket(socket.AF_UNIX)
    made.bind(str(folder / "out"))
    made.close()


def _folder(folder):
    (folder / "out").mkdir()


def _loop(folder):
    (folder / "out").symlink_to(folder / "back")
    (folder / "back").symlink_to(folder / "out")


def _link_to_fifo(folder):
    os.mkfifo(folder / "pipe")
    (folder / "out").symlink_to(folder / "pipe")


def _link_to_nowhere_at_all(folder):
    (folder / "out").symlink_to(folder / "no" / "such" / "folder" / "file")


def _device(folder):
    try:
        os.mknod(folder / "out", 0o666 | stat.S_IFBLK, os.makedev(7, 250))
    except PermissionError:
        pytest.skip("only root can make a device")


def _kinds(folder):
    return {name: stat.S_IFMT(os.lstat(folder / name).st_mode) for name in os.listdir(folder)}


@pytest.mark.parametrize("make", [_fifo, _socket, _folder, _loop, _link_to_fifo, _link_to_nowhere_at_all, _device])
@every_writer
def test_what_is_no_regular_file_is_refused_and_left(tmp_path, make, write):
    make(tmp_path)
    before = _kinds(tmp_path)
    with pytest.raises(sy.SymbolscopeError, match="cannot write"):
        write(tmp_path / "out")
    assert _kinds(tmp_path) == before
    with pytest.raises(sy.SymbolscopeError, match="--output"):
        check_destination(tmp_path / "out", "--output")


@every_writer
def test_a_link_stays_a_link_and_its_file_is_written_with_its_rights(tmp_path, write):
    (tmp_path / "elsewhere").mkdir()
    real = tmp_path / "elsewhere" / "real"
    real.write_bytes(b"")  # no checkpoint yet
    real.unlink()
    (tmp_path / "out").symlink_to("elsewhere/real")  # it leads nowhere yet
    write(tmp_path / "out")
    assert (tmp_path / "out").is_symlink()
    assert real.stat().st_size > 0
    real.chmod(0o640)
    write(tmp_path / "out")
    assert (tmp_path / "out").is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert sorted(os.listdir(tmp_path)) == ["elsewhere", "out"]
    assert os.listdir(tmp_path / "elsewhere") == ["real"]


@pytest.mark.parametrize("name", ["x" * 300, "é" * 200, "a/" * 3000 + "b", "missing/file", "a\0b", ""])
@every_writer
def test_names_that_no_file_can_have(tmp_path, name, write):
    with pytest.raises(sy.SymbolscopeError):
        write(f"{tmp_path}/{name}" if name else "")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["x" * 255, "é" * 127, "with space\nand line", "-rf", "a.b.c"])
def test_names_that_a_file_can_have(tmp_path, name):
    write_whole(tmp_path / name, b"content")
    assert os.listdir(tmp_path) == [name]
    assert (tmp_path / name).read_bytes() == b"content"


@pytest.mark.parametrize("path", [None, b"file", 3, ["file"], object()])
def test_what_is_no_path(path):
    with pytest.raises(sy.SymbolscopeError, match="path"):
        as_path(path)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES, errno.EFBIG])
@pytest.mark.parametrize("at", ["fsync", "replace", "open"])
def test_a_disk_that_refuses_leaves_the_old_file(tmp_path, monkeypatch, code, at):
    path = tmp_path / "model"
    path.write_bytes(b"old")

    def refuse(*_):
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patched:
        patched.setattr(f"symbolscope.core.whole_file.os.{at}", refuse)
        with pytest.raises(sy.SymbolscopeError, match=re.escape(os.strerror(code))) as raised:
            MODEL.save(path)
    assert str(path) in str(raised.value)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["model"]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit, MemoryError, GeneratorExit, ValueError])
def test_an_interruption_leaves_nothing(tmp_path, interruption):
    write_whole(tmp_path / "file", b"old")

    def written_to_the_half():
        with whole_file(tmp_path / "file") as draft:
            draft.write_bytes(b"half of the n")
            raise interruption

    with pytest.raises(interruption):
        written_to_the_half()
    assert os.listdir(tmp_path) == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"


def test_a_full_disk(tmp_path):
    """/dev/full cannot be given as an output; a small file system can be full."""
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path], capture_output=True).returncode:
        pytest.skip("only root can mount a file system")
    try:
        for write in (lambda path: write_whole(path, bytes(1 << 17)), sy.decompose(np.arange(2.0**13)).save):
            with pytest.raises(sy.SymbolscopeError, match="No space left"):
                write(tmp_path / "file")
            assert os.listdir(tmp_path) == []
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_drafts_of_killed_processes_go_and_those_of_others_stay(tmp_path):
    """A process is killed between its draft and the rename; the next save cleans up after it, but not after living ones."""
    code = (
        "import os, signal, sys; from symbolscope.core import whole_file\n"
        "with whole_file.whole_file(sys.argv[1]) as draft:\n"
        "    draft.write_bytes(b'half'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    path = tmp_path / "model"
    killed = subprocess.run([sys.executable, "-c", code, path], check=False)
    assert killed.returncode == -signal.SIGKILL
    (dead,) = os.listdir(tmp_path)
    with whole_file(path) as other:  # of a process that runs: this one
        assert dead not in os.listdir(tmp_path)
        write_whole(path, b"whole")
        assert sorted(os.listdir(tmp_path)) == sorted([other.name, "model"])
        other.write_bytes(b"last")
    unrelated = tmp_path / ".model.1234"
    unrelated.write_bytes(b"")
    write_whole(path, b"again")
    assert sorted(os.listdir(tmp_path)) == [".model.1234", "model"]


def test_the_file_is_synced_before_it_is_renamed_and_the_folder_after(tmp_path, monkeypatch):
    order = []
    sync, replace = os.fsync, os.replace

    def synced(handle):
        order.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        sync(handle)

    monkeypatch.setattr("symbolscope.core.whole_file.os.fsync", synced)
    monkeypatch.setattr("symbolscope.core.whole_file.os.replace", lambda *a: (order.append("rename"), replace(*a)))
    MODEL.save(tmp_path / "model")
    assert order == ["file", "rename", "folder"]


@pytest.mark.parametrize("make", [_fifo, _socket, _folder, _loop, _link_to_fifo])
def test_inputs_are_regular_files_too(tmp_path, make):
    make(tmp_path)
    for read in (sy.InteractionModel.load, lambda path: existing_file(path, "--data")):
        with pytest.raises(sy.SymbolscopeError):
            read(tmp_path / "out")
    with pytest.raises(sy.SymbolscopeError, match="no such file"):
        existing_file(tmp_path / ("x" * 300), "--data")
