"""Examples are scripts: they are loaded by path, and each runs in an empty folder."""

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def example(tmp_path, monkeypatch) -> Callable[[str], ModuleType]:
    """Load an example by name."""
    monkeypatch.chdir(tmp_path)
    # Only packages and files on this machine: Hugging Face must not ask its hub.
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture
def needs() -> Callable[..., None]:
    """Skip loudly where packages of data or weights are missing; fail where nothing may be skipped."""

    def check(command: str, *packages: str) -> None:
        missing = [name for name in packages if importlib.util.find_spec(name) is None]
        if not missing:
            return
        reason = f"EXAMPLE NOT CHECKED: {', '.join(missing)} missing; type: {command}"
        if os.environ.get("SYMBOLSCOPE_NO_SKIPS"):
            pytest.fail(reason)
        pytest.skip(reason)

    return check
