"""An exported program (.pt2): read, looked through, written anew in memory, and only then given to torch.

A .pt2 holds no Python objects, but torch evaluates and generates code from texts in it. What symbolscope lets through is listed in
``program_graph``, ``program_expressions`` and ``tensor_pickles``. This guards against files that were tampered with as far as
reading torch's loader tells; it is no sandbox, so a .pt2 is still to be trusted like code.
"""

import json
import logging
import math
import os
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from symbolscope.cli.bounded_archive import archive_of, read_archive
from symbolscope.cli.program_graph import check_program
from symbolscope.cli.tensor_pickles import checked_tensors
from symbolscope.cli.user_code import describe
from symbolscope.core.bounded_json import read_json
from symbolscope.core.checked_tensors import read_file
from symbolscope.errors import SymbolscopeError

# Members below the archive's one folder, and what is done with each.
_PROGRAM = "models/model.json"
_CONFIGS = ("data/weights/model_weights_config.json", "data/constants/model_constants_config.json")
_PICKLED = ("data/sample_inputs/model.pt", "data/weights/model.pt", "data/constants/model.pt")
_PLAIN = re.compile(
    r"archive_format|archive_version|version|byteorder|\.data/version|\.data/serialization_id|\.format_version|\.storage_alignment"
    r"|data/weights/weight_\d{1,9}|data/constants/tensor_\d{1,9}"
)
_DESCRIPTION = re.compile(r"extra/.*")  # texts that the user put there: left out
# The form of torch up to 2.7: no folder, and all tensors pickled.
_OLD_PROGRAM = "serialized_exported_program.json"
_OLD_PICKLED = ("serialized_state_dict.pt", "serialized_constants.pt", "serialized_example_inputs.pt")
_OLD_PICKLED_JSON = ("serialized_state_dict.json", "serialized_constants.json")
_WIDTHS = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 2,
    7: 4,
    8: 8,
    9: 4,
    10: 8,
    11: 16,
    12: 1,
    13: 2,
    28: 2,
}  # bytes, by torch's ScalarType


def load_exported_program(path: Path) -> object:
    """The module of an exported program.

    Raises
    ------
    SymbolscopeError
        If the file is damaged, or holds anything that may run code.
    """
    content = checked_program(read_file(path, "an exported program"), str(path))
    import io

    import torch

    logged = logging.root.manager.disable
    forced = os.environ.get("TORCH_FORCE_WEIGHTS_ONLY_LOAD")
    os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"  # no pickled objects among the weights
    logging.disable(logging.WARNING)  # torch logs the traceback of the error that it raises
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a form that torch calls old
            return torch.export.load(io.BytesIO(content)).module()
    except Exception as error:
        raise SymbolscopeError(f"{path} is damaged or no exported program: {describe(error)}") from error
    finally:
        logging.disable(logged)
        if forced is None:
            del os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"]
        else:
            os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = forced


def checked_program(content: bytes, source: str) -> bytes:
    """The archive written anew from members that were looked through: no other reader finds anything else in it.

    Raises
    ------
    SymbolscopeError
        If it is damaged, or holds anything that may run code.
    """
    members = read_archive(content, source)
    if _OLD_PROGRAM in members:
        return archive_of(_checked_old(members, source))
    roots = {name.partition("/")[0] for name in members}
    if (
        len(roots) != 1
        or not all("/" in name for name in members)
        or not re.fullmatch(r"[\w. -]{1,255}", root := roots.pop())
    ):
        raise SymbolscopeError(f"{source} is damaged or no exported program: its members are not in one folder")
    known = {name.partition("/")[2]: body for name, body in members.items()}
    for name in known:
        if (
            name not in (_PROGRAM, *_CONFIGS, *_PICKLED)
            and not _PLAIN.fullmatch(name)
            and not _DESCRIPTION.fullmatch(name)
        ):
            raise SymbolscopeError(
                f"{source} is no exported program alone: it holds {name[:80]!r}, which runs code when it is loaded or is "
                "not known, so symbolscope does not open it; export the network alone with torch.export.save"
            )
    if _PROGRAM not in known:
        raise SymbolscopeError(f"{source} is damaged or no exported program: it has no {_PROGRAM}")
    checked: dict[str, bytes] = {}
    for name, body in known.items():
        if name == _PROGRAM:
            checked[name] = _rewritten(body, source)
        elif name in _CONFIGS:
            checked[name] = _checked_config(body, known, name.rpartition("/")[0], source)
        elif name in _PICKLED:
            checked[name] = checked_tensors(body, source)
        elif _PLAIN.fullmatch(name):
            checked[name] = body
    return archive_of({f"{root}/{name}": body for name, body in checked.items()})


def _checked_old(members: Mapping[str, bytes], source: str) -> dict[str, bytes]:
    checked: dict[str, bytes] = {}
    for name, body in members.items():
        if name == _OLD_PROGRAM:
            checked[name] = _rewritten(body, source)
        elif name in _OLD_PICKLED or name in _OLD_PICKLED_JSON:
            checked[name] = checked_tensors(body, source)
        elif name == "version":
            checked[name] = body
        elif not name.startswith("extra_files/"):
            raise SymbolscopeError(f"{source} is damaged or no exported program: it holds {name[:80]!r}")
    return checked


def _rewritten(body: bytes, source: str) -> bytes:
    return json.dumps(check_program(read_json(body, source), source)).encode()


def _checked_config(body: bytes, members: Mapping[str, bytes], folder: str, source: str) -> bytes:
    """Where each weight lies; each must have the bytes that its shape asks for."""
    config = check_program(read_json(body, source), source)
    try:
        for name, entry in config["config"].items():
            place = f"{folder}/{entry['path_name']}"
            if entry["use_pickle"] or not _PLAIN.fullmatch(place) or place not in members:
                raise SymbolscopeError(
                    f"{source} holds {name[:80]!r} as a pickled object or not at all, so symbolscope does not open it; pickled "
                    "objects may run code when they are loaded"
                )
            _check_extent(entry["tensor_meta"], len(members[place]), name, source)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise SymbolscopeError(f"{source} is damaged: its list of weights: {type(error).__name__}: {error}") from None
    return json.dumps(config).encode()


def _check_extent(meta: Mapping[str, Any], length: int, name: str, source: str) -> None:
    sizes, strides = ([part["as_int"] for part in meta[kind]] for kind in ("sizes", "strides"))
    offset, width = meta["storage_offset"]["as_int"], _WIDTHS.get(meta["dtype"], 1)
    whole = all(type(number) is int and number >= 0 for number in (*sizes, *strides, offset)) and len(sizes) == len(
        strides
    )
    if whole and math.prod(sizes):
        last = offset + sum((size - 1) * stride for size, stride in zip(sizes, strides, strict=True))
        whole = (last + 1) * width <= length and math.prod(sizes) * width <= max(length, 1) * 64
    if not whole:
        raise SymbolscopeError(f"{source} is damaged: weight {name[:80]!r} does not fit its {length:,} bytes")
