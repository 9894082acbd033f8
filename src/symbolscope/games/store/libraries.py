"""What counts as a library: its functions and classes are known by name, all others by what they do."""

import sys

# Their code is not read: a fingerprint does not see their versions.
NAMES = """
torch torchvision transformers tokenizers safetensors numpy scipy sklearn pandas pyarrow numba joblib lightgbm xgboost catboost ray
shapiq symbolscope jaxtyping beartype
"""
LIBRARIES = (frozenset(NAMES.split()) | sys.stdlib_module_names) - {"__main__"}


def is_library(module_name: object) -> bool:
    """Tell whether a module belongs to a library.

    Examples
    --------
    >>> is_library("torch.nn.functional"), is_library("my_networks.attention"), is_library("__main__")
    (True, False, False)
    """
    return isinstance(module_name, str) and module_name.partition(".")[0] in LIBRARIES


def found_by_name(value: object) -> str | None:
    """Name under which a library gives an object, "module.name"; None if it is not a library's, or was made by one.

    Examples
    --------
    >>> import math
    >>> found_by_name(math.sqrt), found_by_name(lambda x: x)
    ('math.sqrt', None)
    """
    module_name = getattr(value, "__module__", None)
    name = getattr(value, "__qualname__", None)
    if not is_library(module_name) or not isinstance(name, str):
        return None
    found: object = sys.modules.get(str(module_name))
    for part in name.split("."):
        found = getattr(found, part, None)
    return f"{module_name}.{name}" if found is value else None
