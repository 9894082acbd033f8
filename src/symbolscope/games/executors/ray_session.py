"""A connection to a Ray cluster, with authentication, and this process put back as it was afterwards."""

import importlib
import os
import secrets
import signal
import tempfile
import threading
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from symbolscope.errors import SymbolscopeError

_MODE, _PATH, _TOKEN, _STATISTICS = "RAY_AUTH_MODE", "RAY_AUTH_TOKEN_PATH", "RAY_AUTH_TOKEN", "RAY_USAGE_STATS_ENABLED"


@contextmanager
def ray_session(
    *, address: str | None, cores: int, store_bytes: int, token_path: str | None
) -> Generator[Any, None, None]:
    """Connect to a cluster, or start one on this machine; yields the module ``ray``.

    A connection that this process already has is used as it is and stays open.

    Parameters
    ----------
    address
        "auto", host:port, or None to start a cluster.
    cores
        Cores of a cluster that is started.
    store_bytes
        Size of its object store.
    token_path
        File with the cluster's token. None is a new token for a cluster that is started, else wherever Ray looks.

    Raises
    ------
    SymbolscopeError
        If Ray is missing or too old for authentication, a token cannot be read, or there is no such cluster.
    """
    with _environment(token_path, started_here=address is None):
        ray = _imported()
        if ray.is_initialized():
            yield ray
            return
        _read_environment_again()
        with _sigterm_kept():
            try:
                _connect(ray, address, cores, store_bytes)
                yield ray
            finally:
                ray.shutdown()


def _connect(ray: Any, address: str | None, cores: int, store_bytes: int) -> None:
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Ray will change some day is not the caller's business
            if address is None:
                ray.init("local", num_cpus=cores, object_store_memory=store_bytes, include_dashboard=False, **quiet)
            else:
                ray.init(address, **quiet)
    except Exception as error:  # ConnectionError, AuthenticationError, RuntimeError, ValueError
        place = "start on this machine" if address is None else f"connect to {address!r}"
        raise SymbolscopeError(
            f"Ray cannot {place}: {type(error).__name__}: {error}. Is the cluster running (`ray status`), of the same Ray "
            "and Python version, and is its token here? Give its file as token_path"
        ) from error


def _imported() -> Any:
    try:
        import ray
    except ImportError:
        raise SymbolscopeError(
            "executors.Ray needs Ray, which is not installed: pip install 'symbolscope[dist]'"
        ) from None
    return ray


@contextmanager
def _environment(token_path: str | None, *, started_here: bool) -> Generator[None, None, None]:
    """Ray's environment variables inside, and those found put back afterwards.

    Ray's ports are open on every interface, and who reaches them can run code. So a cluster asks for a token, always; it
    lies in a file that only this user can read, and one made for this run is removed with it.
    """
    before = {name: value for name, value in os.environ.items() if _rays(name)}
    with tempfile.TemporaryDirectory(prefix="symbolscope-") as folder:
        if token_path is not None:
            if not Path(token_path).is_file():
                raise SymbolscopeError(
                    f"token_path {token_path!r} is no file; give the one that the cluster was started with "
                    "(`ray get-auth-token` shows where it is)"
                )
        elif started_here:
            token_path = str(Path(folder) / "token")
            with open(os.open(token_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_hex(32))
        try:
            os.environ |= {_MODE: "token", _STATISTICS: "0"}
            if token_path is not None:
                os.environ[_PATH] = token_path
                os.environ.pop(_TOKEN, None)  # Ray would prefer it
            yield
        finally:
            for name in [name for name in os.environ if _rays(name)]:
                del os.environ[name]
            os.environ |= before


def _rays(name: str) -> bool:
    """Whether Ray reads or sets this variable; it takes over the debugger, too."""
    return name.startswith("RAY_") or name == "PYTHONBREAKPOINT"


def _read_environment_again() -> None:
    """Ray reads its variables when it is imported, and keeps the last token; a cluster must not start without one."""
    try:
        raylet: Any = importlib.import_module("ray._raylet")
        raylet.Config.initialize("")
        raylet.AuthenticationTokenLoader.instance().reset_cache()
        asks = raylet.get_authentication_mode() == raylet.AuthenticationMode.TOKEN
    except (ImportError, AttributeError):
        asks = False
    if not asks:
        raise SymbolscopeError(
            "this version of Ray has no token authentication: pip install -U 'ray>=2.52'. Without it, whoever reaches "
            "the cluster's ports could run code"
        )


@contextmanager
def _sigterm_kept() -> Generator[None, None, None]:
    """Ray puts a handler of its own for SIGTERM in the place of the caller's."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)
