"""The expressions of an exported program, which torch evaluates as Python code: only arithmetic passes.

Sizes stand in a program as sympy writes them, ``Add(Symbol('s0', integer=True), Integer(1))``, and its guards as Python
conditions, ``L['x'].size()[0] >= 2``. torch.export.load hands the former to ``sympy.sympify``, which calls ``eval``, and the
latter to ``exec``.
"""

import ast
import re

from symbolscope.errors import SymbolscopeError

_LONGEST = 4_000  # characters
_MOST_NODES = 1_000
_MOST_BITS = 4_096  # that a value may take, as far as the expression shows
_SYMBOL_BITS = 64
_FUNCTIONS = frozenset(
    [
        "Symbol",
        "Integer",
        "Rational",
        "Float",
        "Add",
        "Mul",
        "Pow",
        "Max",
        "Min",
        "Abs",
        "floor",
        "ceiling",
        "Eq",
        "Ne",
        "Lt",
        "Le",
        "Gt",
        "Ge",
        "Equality",
        "Unequality",
        "StrictLessThan",
        "LessThan",
        "StrictGreaterThan",
        "GreaterThan",
        "And",
        "Or",
        "Not",
        "FloorDiv",
        "ModularIndexing",
        "Where",
        "PythonMod",
        "Mod",
        "CleanDiv",
        "CeilToInt",
        "FloorToInt",
        "CeilDiv",
        "LShift",
        "RShift",
        "PowByNatural",
        "FloatPow",
        "FloatTrueDiv",
        "IntTrueDiv",
        "IsNonOverlappingAndDenseIndicator",
        "TruncToFloat",
        "TruncToInt",
        "RoundToInt",
        "RoundDecimal",
        "ToFloat",
        "Identity",
    ]
)
_NAMES = frozenset(("oo", "true", "false", "nan"))
_SYMBOLS = re.compile(r"(?!sympy)[a-z]{1,4}[0-9]{1,6}")
_ASSUMPTIONS = frozenset(
    ("positive", "integer", "negative", "nonnegative", "nonpositive", "real", "finite", "precision", "evaluate")
)
_POWERS = frozenset(("Pow", "PowByNatural", "FloatPow", "LShift", "RShift"))
_LARGEST_EXPONENT = 64
_MEASURES = frozenset(("size", "stride", "storage_offset", "dim", "numel"))
_GUARD_FUNCTIONS = frozenset(
    (
        "sym_max",
        "sym_min",
        "sym_not",
        "sym_float",
        "sym_int",
        "sym_ite",
        "isnan",
        "ceil",
        "floor",
        "trunc",
        "sqrt",
        "pow",
    )
)
_PLAIN = re.compile(r"[\w .:/+-]{0,200}", re.ASCII)


def check_size_expression(text: str) -> None:
    """Refuse an expression of sizes that is more than bounded arithmetic.

    Raises
    ------
    SymbolscopeError
        If it is.

    Examples
    --------
    >>> check_size_expression("Add(Symbol('s0', positive=True, integer=True), Integer(1))")
    >>> check_size_expression("__import__('os').system('true')")
    Traceback (most recent call last):
    symbolscope.errors.SymbolscopeError: an expression that is more than arithmetic: "__import__('os').system('true')"
    """
    _bits(_parsed(text), text)


def check_guard(text: str) -> None:
    """Refuse a condition on inputs that is more than a comparison of their sizes.

    Raises
    ------
    SymbolscopeError
        If it is.

    Examples
    --------
    >>> check_guard("L['x'].size()[0] % 2 == 0")
    >>> check_guard("L['x'].__class__")
    Traceback (most recent call last):
    symbolscope.errors.SymbolscopeError: an expression that is more than arithmetic: "L['x'].__class__"
    """
    if '"' in text or "\\" in text or "\n" in text or "\r" in text:  # torch puts it between quotes once more
        raise _refused(text)
    _check_condition(_parsed(text), text)


def _parsed(text: str) -> ast.expr:
    if len(text) > _LONGEST or not text.isascii() or "#" in text:
        raise _refused(text)
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _refused(text) from None
    if sum(1 for _ in ast.walk(tree)) > _MOST_NODES:
        raise _refused(text)
    return tree


def _bits(node: ast.expr, text: str) -> int:
    """A bound on the bits of the value, which is not computed."""
    bits = _SYMBOL_BITS
    match node:
        case ast.Constant(value=bool()):
            bits = 1
        case ast.Constant(value=int() as number):
            bits = number.bit_length()
        case ast.Constant(value=float()):
            pass
        case ast.Name(id=name) if name in _NAMES or _SYMBOLS.fullmatch(name):
            pass
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=inner):
            bits = _bits(inner, text)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            bits = _power(left, right, text)
        case ast.BinOp(
            left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() | ast.FloorDiv() | ast.Mod(), right=right
        ):
            bits = _bits(left, text) + _bits(right, text)
        case ast.Compare(left=left, ops=_, comparators=others):
            if not all(isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE | ast.Eq | ast.NotEq) for op in node.ops):
                raise _refused(text)
            bits = max(_bits(part, text) for part in (left, *others))
        case ast.Call(func=ast.Name(id="Symbol"), args=[ast.Constant(value=str() as name)], keywords=keywords):
            if not _SYMBOLS.fullmatch(name):
                raise _refused(text)
            _check_keywords(keywords, text)
        case ast.Call(func=ast.Name(id="Float"), args=[ast.Constant(value=str() as digits)], keywords=keywords):
            if not re.fullmatch(r"-?[0-9]{1,40}(\.[0-9]{0,60})?(e[+-]?[0-9]{1,3})?", digits):
                raise _refused(text)
            _check_keywords(keywords, text)
        case ast.Call(func=ast.Name(id=name), args=[base, exponent], keywords=[]) if name in _POWERS:
            bits = _power(base, exponent, text)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords) if (
            name in _FUNCTIONS and name != "Symbol" and name not in _POWERS
        ):
            _check_keywords(keywords, text)
            bits = sum(_bits(part, text) for part in args)
        case _:
            raise _refused(text)
    if bits > _MOST_BITS:
        raise _refused(text)
    return bits


def _power(base: ast.expr, exponent: ast.expr, text: str) -> int:
    """Bits of a power whose exponent is a small whole number or a symbol, as programs have them."""
    number = exponent
    if isinstance(number, ast.Call) and isinstance(number.func, ast.Name) and number.func.id in ("Integer", "Rational"):
        if not number.args or number.keywords:
            raise _refused(text)
        number = number.args[0]
    if isinstance(number, ast.UnaryOp) and isinstance(number.op, ast.USub):
        number = number.operand
    if isinstance(number, ast.Constant) and type(number.value) is int and number.value <= _LARGEST_EXPONENT:
        _bits(exponent, text)
        return max(1, number.value) * _bits(base, text)
    named = isinstance(exponent, ast.Call) and isinstance(exponent.func, ast.Name) and exponent.func.id == "Symbol"
    if not named and not isinstance(exponent, ast.Name):
        raise _refused(text)  # what sympy could compute at once, and not end with
    return _bits(base, text) + _bits(exponent, text)


def _check_keywords(keywords: list[ast.keyword], text: str) -> None:
    for keyword in keywords:
        plain = isinstance(keyword.value, ast.Constant) and type(keyword.value.value) in (bool, int)
        if keyword.arg not in _ASSUMPTIONS or not plain or int(keyword.value.value) > _LARGEST_EXPONENT:  # type: ignore[union-attr]
            raise _refused(text)


def _check_condition(node: ast.expr, text: str) -> None:
    match node:
        case ast.Constant(value=bool() | float()):
            return
        case ast.Constant(value=int() as number) if number.bit_length() <= _SYMBOL_BITS:
            return
        case ast.Constant(value=str() as plain) if _PLAIN.fullmatch(plain):
            return
        case ast.Name(id="L"):
            return
        case ast.Attribute(value=ast.Name(id="math"), attr="inf" | "nan"):
            return
        case ast.Attribute(value=inner, attr="dtype" | "shape" | "ndim" | "device"):
            _check_condition(inner, text)
        case ast.Subscript(value=inner, slice=ast.Constant() | ast.UnaryOp() as index):
            _check_condition(inner, text)
            _check_condition(index, text)
        case ast.BoolOp(values=parts):
            for part in parts:
                _check_condition(part, text)
        case ast.UnaryOp(operand=inner):
            _check_condition(inner, text)
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int() as exponent)) if 0 <= exponent <= 8:
            _check_condition(left, text)
        case ast.BinOp(
            left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() | ast.FloorDiv() | ast.Mod(), right=right
        ):
            _check_condition(left, text)
            _check_condition(right, text)
        case ast.Compare(left=left, comparators=others):
            for part in (left, *others):
                _check_condition(part, text)
        case ast.Call(func=ast.Attribute(value=inner, attr=name), args=[], keywords=[]) if name in _MEASURES:
            _check_condition(inner, text)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="math" | "torch"), attr=name), args=args, keywords=[]) if (
            name in _GUARD_FUNCTIONS
        ):
            for part in args:
                _check_condition(part, text)
        case _:
            raise _refused(text)


def _refused(text: str) -> SymbolscopeError:
    shown = text if len(text) <= 80 else f"{text[:80]}..."
    return SymbolscopeError(f"an expression that is more than arithmetic: {shown!r}")
