"""What an exported program says, checked before torch reads it: each text that torch would evaluate, look up or write into code.

torch.export.load makes Python code of a program's names, evaluates its expressions and conditions, looks its operators up by dotted
path (``torch.os.system`` is one) and imports modules that its structure of inputs names. So each text is checked by what it is
for, and what is not known to be harmless is refused.

Read for this: torch/_export/serde/serialize.py and schema.py, torch/export/_unlift.py, torch/utils/_pytree.py, torch 2.13.
"""

import re
from collections.abc import Mapping
from typing import Any

from symbolscope.cli.program_expressions import check_guard, check_size_expression
from symbolscope.core.bounded_json import read_json
from symbolscope.errors import SymbolscopeError

_LARGEST = 1 << 63
_LONGEST_NAME = 500
_PATH = re.compile(r"""[^\x00-\x1f\x7f"'`\\{}()\[\]#=;]*""")  # names of weights: modules may be called "a-b c"
_PLAIN = re.compile(r"[\w .,:+*/<>=>-]{0,500}", re.ASCII)  # arguments such as "trunc" and "ij,jk->ik"
_ASSERTION = re.compile(
    r"Runtime assertion failed for expression [\w .()<>=!+*/%,&|-]{1,400} on node '\w{1,100}'", re.ASCII
)
_VERSION = re.compile(r"[\w.+<=>-]{0,80}", re.ASCII)
_SIZES = re.compile(r"[\w +*/()-]{1,300}", re.ASCII)  # the keys of ranges: "s0", "2*s0"
_MANY_DIGITS = re.compile(r"[0-9]{7}")  # torch counts up to the number of a symbol
_TYPE = re.compile(r"[A-Za-z_][\w.]{0,200}", re.ASCII)

# Operators, by the dotted path from torch on. Libraries of others may read and write files (image::write_file).
_LIBRARIES = frozenset(("aten", "prims", "torchvision", "quantized_decomposed"))
_OPERATOR = re.compile(r"torch\.ops\.([a-z_0-9]+)\.([A-Za-z_0-9]+)\.([A-Za-z_0-9]+)", re.ASCII)
_HIGHER = re.compile(r"torch\.ops\.higher_order\.([a-z_0-9]+)", re.ASCII)
_HIGHER_KNOWN = frozenset(
    [
        "cond",
        "while_loop",
        "scan",
        "associative_scan",
        "map_impl",
        "map",
        "wrap_with_set_grad_enabled",
        "wrap_with_autocast",
        "flex_attention",
        "invoke_subgraph",
        "strict_mode",
        "tag_activation_checkpoint",
        "auto_functionalized",
        "auto_functionalized_v2",
    ]
)
_FILES = frozenset(("from_file",))  # of aten: maps a file, and makes it
_SYMBOLIC = re.compile(
    r"torch\._?sym_[a-z0-9_]{1,30}|math\.(?:ceil|floor|trunc|sqrt|log|log2|exp|sin|cos|tan|tanh)", re.ASCII
)
_PYTHON = re.compile(
    r"_operator\.(?:add|sub|mul|floordiv|truediv|mod|pow|neg|pos|abs|eq|ne|lt|le|gt|ge|getitem|and_|or_|not_|xor|lshift|rshift)"
)
_POWERS = frozenset(("_operator.pow", "_operator.lshift"))
_LARGEST_EXPONENT = 64
_TREE_KEYS = {"type", "context", "children_spec"}


def check_program(program: Any, source: str) -> Any:
    """Refuse a program with a text that could run code, and drop what only describes it (stack traces and the like).

    Parameters
    ----------
    program
        The JSON of a program: models/model.json of an archive.
    source
        What messages call the file.

    Returns
    -------
    The program without its metadata.

    Raises
    ------
    SymbolscopeError
        Naming the text.
    """
    try:
        return _cleaned(program, "", source)
    except RecursionError:
        raise SymbolscopeError(f"{source} is damaged: its program nests too deeply") from None


def _cleaned(value: Any, key: str, source: str) -> Any:
    if isinstance(value, dict):
        known: dict[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
        if key == "metadata" and all(isinstance(part, str) for part in known.values()):
            return {}
        if isinstance(known.get("target"), str) and "inputs" in known:
            _check_power(known, source)
        if key == "arg" and "as_custom_obj" in known:
            raise _refused(source, "a custom object", "as_custom_obj")
        for name in known:
            _check_key(name, key, source)
        return {name: _cleaned(part, name, source) for name, part in known.items()}
    if isinstance(value, list):
        return [_cleaned(part, key, source) for part in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, str):
        _check_text(value, key, source)
    elif type(value) is int and abs(value) > _LARGEST:
        raise SymbolscopeError(f"{source} is damaged: {key} holds the number {value}")
    return value


def _check_key(name: str, within: str, source: str) -> None:
    if within.endswith("_values"):  # names of a graph's tensors and sizes, which become variables of Python
        _check_identifier(name, within, source)
    elif within == "range_constraints":
        if not _SIZES.fullmatch(name) or _MANY_DIGITS.search(name):
            raise _refused(source, within, name)
    elif len(name) > _LONGEST_NAME or not _PATH.fullmatch(name):
        raise _refused(source, f"a key of {within or 'the program'}", name)


def _check_text(text: str, key: str, source: str) -> None:
    if key in ("expr_str", "guards_code"):
        try:
            (check_size_expression if key == "expr_str" else check_guard)(text)
        except SymbolscopeError as error:
            raise SymbolscopeError(f"{source} holds {error}; it would run when the file is loaded. {_REMEDY}") from None
    elif key in ("target", "as_operator"):
        _check_operator(text, source)
    elif key in ("in_spec", "out_spec"):
        _check_tree(text, key, source)
    elif key in ("name", "as_name", "forward_arg_names"):
        _check_identifier(text, key, source)
    elif key in ("as_string", "as_strings"):
        if not _PLAIN.fullmatch(text) and not _ASSERTION.fullmatch(text):
            raise _refused(source, key, text)
    elif key == "torch_version":
        if not _VERSION.fullmatch(text):
            raise _refused(source, key, text)
    elif len(text) > _LONGEST_NAME or not _PATH.fullmatch(text):
        raise _refused(source, key, text)


def _check_identifier(text: str, key: str, source: str) -> None:
    if text and (len(text) > _LONGEST_NAME or not text.isidentifier() or text.startswith("__")):
        raise _refused(source, key, text)


def _check_operator(text: str, source: str) -> None:
    """An operator of torch, which computes on tensors: no other function that a dotted path from torch leads to."""
    if _SYMBOLIC.fullmatch(text) or _PYTHON.fullmatch(text):
        return
    if (found := _HIGHER.fullmatch(text)) and found[1] in _HIGHER_KNOWN:
        return
    if (found := _OPERATOR.fullmatch(text)) and found[1] in _LIBRARIES and found[2] not in _FILES:
        import torch

        operator = getattr(getattr(getattr(torch.ops, found[1], None), found[2], None), found[3], None)
        if isinstance(operator, torch._ops.OpOverload):  # pyright: ignore[reportPrivateUsage]
            return
    raise _refused(source, "the operator", text)


def _check_power(node: Mapping[str, Any], source: str) -> None:
    """A power or shift of whole numbers has a small exponent: nothing else would end."""
    if node["target"] in _POWERS and isinstance(node["inputs"], list):
        for given in node["inputs"][1:]:  # pyright: ignore[reportUnknownVariableType]
            argument: Any = given.get("arg", {}) if isinstance(given, dict) else {}  # pyright: ignore[reportUnknownMemberType]
            number: Any = argument.get("as_int", 0) if isinstance(argument, dict) else 0  # pyright: ignore[reportUnknownMemberType]
            if type(number) is not int or abs(number) > _LARGEST_EXPONENT:
                raise _refused(source, "the exponent", str(number))


def _check_tree(text: str, key: str, source: str) -> None:
    """The structure of inputs or outputs: tuples, lists and dicts with plain keys; other kinds may import modules."""
    tree = read_json(text, source)
    if not isinstance(tree, list) or len(tree) != 2 or type(tree[0]) is not int:  # pyright: ignore[reportUnknownArgumentType]
        raise _refused(source, key, text)
    _check_node(tree[1], key, source)


def _check_node(node: Any, key: str, source: str) -> None:
    if not isinstance(node, dict) or set(node) != _TREE_KEYS or not isinstance(node["children_spec"], list):  # pyright: ignore[reportUnknownArgumentType]
        raise _refused(source, key, str(node)[:80])  # pyright: ignore[reportUnknownArgumentType]
    kind, context = node["type"], node["context"]  # pyright: ignore[reportUnknownVariableType]
    if kind is not None and (not isinstance(kind, str) or not _TYPE.fullmatch(kind) or "defaultdict" in kind):
        raise _refused(source, key, str(kind))  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(context, str) and not _TYPE.fullmatch(context):
        keys = read_json(context, source)
        listed: list[Any] = keys if isinstance(keys, list) else [keys]  # pyright: ignore[reportUnknownVariableType]
        for name in listed:
            if isinstance(name, str) and (len(name) > _LONGEST_NAME or not _PATH.fullmatch(name)):
                raise _refused(source, key, name)
            if not isinstance(name, str | int | float | None):
                raise _refused(source, key, context)
    elif context is not None and not isinstance(context, str):
        raise _refused(source, key, str(context))  # pyright: ignore[reportUnknownArgumentType]
    for child in node["children_spec"]:  # pyright: ignore[reportUnknownVariableType]
        _check_node(child, key, source)


_REMEDY = "Load a .pt2 only from whom you would run code of, and export the network again with torch.export.save"


def _refused(source: str, what: str, text: str) -> SymbolscopeError:
    return SymbolscopeError(
        f"{source} holds {what} {text[:80]!r}, which may run code when it is loaded, so symbolscope does not open it. {_REMEDY}"
    )
