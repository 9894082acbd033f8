"""An exported program is looked through for code before torch reads it; real ones load and compute the same."""

import io
import json
import pickle
import re
import warnings
import zipfile

import pytest
import torch
from torch import nn

import symbolscope as sy
from symbolscope.cli.bounded_archive import read_archive
from symbolscope.cli.network_source import NetworkSource
from symbolscope.cli.program_expressions import check_guard, check_size_expression

BATCH = torch.export.Dim("batch", min=2, max=64)


class Branches(nn.Module):
    """Higher-order operators, texts as arguments, a module whose name is no identifier, nested inputs and outputs, a buffer."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleDict({"a-b c": nn.Linear(6, 4)})
        self.norm = nn.BatchNorm1d(4)
        self.register_buffer("table", torch.arange(8.0)[::2])

    def forward(self, x, more):
        y = self.norm(self.layers["a-b c"](x)) + self.table
        with torch.no_grad():
            weights = torch.einsum("ij,kj->ik", y, y).softmax(-1)
        z = torch.cond(x.sum() > 0, torch.sin, torch.cos, (y,))
        n = x.shape[0]
        return {"y": torch.div(weights @ y, 0.5, rounding_mode="floor")[: n // 2], "z": (z, x.mean(0) + more["k"])}


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(6, 5, batch_first=True)

    def forward(self, x):
        return self.rnn(x[:, None].expand(-1, 3, -1))[0].masked_fill(torch.ones(5).bool(), float("-inf"))


def exported(network, arguments, shapes, path):
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.export.save(torch.export.export(network.eval(), arguments, dynamic_shapes=shapes), path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("programs")


@pytest.fixture(scope="module")
def plain(folder):
    return exported(nn.Linear(6, 3), (torch.ones(4, 6),), ({0: BATCH},), folder / "plain.pt2")


@pytest.fixture(scope="module")
def rich(folder):
    arguments = (torch.ones(8, 6), {"k": torch.ones(6)})
    return exported(Branches(), arguments, ({0: 2 * BATCH}, {"k": None}), folder / "rich.pt2")


def members_of(path):
    return read_archive(path.read_bytes(), str(path))


def written(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return path


def tampered(path, folder, change):
    """The program with its JSON changed in place."""
    members = members_of(path)
    (name,) = [name for name in members if name.endswith("models/model.json")]
    program = json.loads(members[name])
    change(program)
    return written(folder / "tampered.pt2", members | {name: json.dumps(program).encode()})


def refused(path, match="code|damaged|arithmetic|no name within an archive"):
    with pytest.raises(sy.SymbolscopeError, match=match):
        NetworkSource.parse(str(path)).load()


@pytest.mark.parametrize("n", [4, 10])
def test_a_real_program_computes_the_same(rich, plain, folder, n):
    torch.manual_seed(n)
    x, more = torch.randn(n, 6), {"k": torch.randn(6)}
    again, expected = NetworkSource.parse(str(rich)).load()(x, more), torch.export.load(rich).module()(x, more)
    assert torch.equal(again["y"], expected["y"])
    assert all(torch.equal(one, other) for one, other in zip(again["z"], expected["z"], strict=True))
    with pytest.raises(AssertionError, match="Guard failed"):  # its conditions on sizes still hold
        NetworkSource.parse(str(rich)).load()(x[:3], more)
    recurrent = exported(Recurrent(), (torch.ones(4, 6),), ({0: BATCH},), folder / "recurrent.pt2")
    assert torch.equal(NetworkSource.parse(str(recurrent)).load()(x), torch.export.load(recurrent).module()(x))
    assert NetworkSource.parse(str(plain)).load()(x).shape == (n, 3)


class Unbacked(nn.Module):
    """A size that depends on the numbers, which torch guards by assertions with texts."""

    def forward(self, x):
        size = x.sum().int().item()
        torch._check(size >= 0)
        torch._check(size < 100)
        return torch.zeros(size + 1) + x[0, 0]


class Attends(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens = nn.Embedding(20, 8)
        self.layers = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2)

    def forward(self, x):
        return self.layers(self.tokens(x)).mean(1)


class Convolves(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 4, 3, padding="same"), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten()
        )

    def forward(self, x):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            y = self.layers(nn.functional.interpolate(x, scale_factor=2.0, mode="bilinear"))
        return y.float()


REAL = {
    "unbacked": (Unbacked(), torch.ones(4, 6), None),
    "attends": (
        Attends(),
        torch.ones(4, 7, dtype=torch.int64),
        ({0: BATCH, 1: torch.export.Dim("length", min=2, max=50)},),
    ),
    "convolves": (Convolves(), torch.ones(4, 3, 8, 8), ({0: BATCH},)),
}


@pytest.mark.parametrize("name", REAL)
@pytest.mark.filterwarnings("ignore")
def test_programs_of_many_kinds_compute_the_same(folder, name):
    network, x, shapes = REAL[name]
    path = exported(network, (x,), shapes, folder / f"{name}.pt2")
    assert torch.equal(NetworkSource.parse(str(path)).load()(x), torch.export.load(path).module()(x))


def test_the_form_of_earlier_torch_is_read(folder):
    from torch._export.serde.schema import SCHEMA_VERSION
    from torch._export.serde.serialize import serialize

    made = serialize(torch.export.export(nn.Linear(4, 2), (torch.ones(4, 4),), dynamic_shapes=({0: BATCH},)))
    members = {
        "version": ".".join(map(str, SCHEMA_VERSION)), "serialized_exported_program.json": made.exported_program,
        "serialized_state_dict.pt": made.state_dict, "serialized_constants.pt": made.constants,
        "serialized_example_inputs.pt": made.example_inputs,
    }  # fmt: skip
    path = written(folder / "earlier.pt2", members)
    assert NetworkSource.parse(str(path)).load()(torch.ones(3, 4)).shape == (3, 2)
    for name in ("serialized_state_dict.pt", "serialized_constants.pt", "serialized_example_inputs.pt"):
        refused(written(folder / "earlier.pt2", members | {name: pickle.dumps(Runs(), 2)}))
    hostile = json.loads(made.exported_program)
    first_size(hostile).update(expr_str=MARK)
    refused(written(folder / "earlier.pt2", members | {"serialized_exported_program.json": json.dumps(hostile)}))


def graph(program):
    return program["graph_module"]["graph"]


def node(program):
    return next(node for node in graph(program)["nodes"] if "linear" in node["target"])


def first_size(program):
    values = graph(program)["tensor_values"].values()
    return next(size["as_expr"] for value in values for size in value["sizes"] if "as_expr" in size)


def tree(kind, context):
    return {"type": kind, "context": json.dumps(context), "children_spec": []}


MARK = "open('RAN','w')"
HOSTILE = {
    "a size": lambda p: first_size(p).update(expr_str=MARK),
    "a size by attributes": lambda p: first_size(p).update(expr_str="().__class__.__base__.__subclasses__()"),
    "a size by lambda": lambda p: first_size(p).update(expr_str=f"(lambda: {MARK})()"),
    "a size by a function of sympy": lambda p: first_size(p).update(expr_str=f"sympify('{MARK[:4]}')"),
    "a size that never ends": lambda p: first_size(p).update(expr_str="Pow(Integer(9), Pow(Integer(9), Integer(9)))"),
    "an exponent out of a size": lambda p: first_size(p).update(
        expr_str="Pow(Integer(2), Mul(Integer(64), Integer(64), Integer(64), Pow(Symbol('s0'), Integer(0))))"
    ),
    "a symbol's name": lambda p: first_size(p).update(expr_str="Symbol('s0); import os')"),
    "a hint": lambda p: first_size(p).update(hint={"as_int": 10**30}),
    "a size in a submodule": lambda p: graph(p)["sym_int_values"].update(s={"as_expr": {"expr_str": MARK}}),
    "a truth value": lambda p: graph(p)["sym_bool_values"].update(b={"as_expr": {"expr_str": MARK}}),
    "a condition": lambda p: p.update(guards_code=[f"{MARK} is None"]),
    "a condition that ends its message": lambda p: p.update(guards_code=["L['x'] == 1)\n  import os #"]),
    "a condition with quotes": lambda p: p.update(guards_code=["""L['x'] == '"'"""]),
    "an operator": lambda p: node(p).update(target="torch.os.system"),
    "an operator of torch": lambda p: node(p).update(target="torch.load"),
    "an operator of the hub": lambda p: node(p).update(target="torch.hub.load"),
    "an attribute of an operator": lambda p: node(p).update(target="torch.ops.aten.__class__.__call__"),
    "an operator on files": lambda p: node(p).update(target="torch.ops.aten.from_file.default"),
    "an operator of a library": lambda p: node(p).update(target="torch.ops.image.write_file.default"),
    "a method caller": lambda p: node(p).update(target="_operator.methodcaller"),
    "a higher-order call": lambda p: node(p).update(target="torch.ops.higher_order.call_torchbind"),
    "a node's name": lambda p: node(p).update(name=f"linear = {MARK}; linear"),
    "a tensor's name": lambda p: graph(p)["tensor_values"].update({f"x; {MARK}": next(iter(graph(p)["tensor_values"].values()))}),
    "an input's name": lambda p: graph(p)["inputs"][-1].update(as_tensor={"name": f"x={MARK}"}),
    "an argument's name": lambda p: node(p)["inputs"][0].update(name=f"x={MARK}"),
    "a name to show": lambda p: p["graph_module"]["module_call_graph"][0]["signature"].update(forward_arg_names=[f"x={MARK}"]),
    "a text": lambda p: node(p)["inputs"].append({"name": "t", "arg": {"as_string": f"'+{MARK}+'"}, "kind": 2}),
    "a weight's name": lambda p: p["graph_module"]["signature"]["input_specs"][0]["parameter"].update(
        parameter_name=f'weight"); {MARK}; ("'
    ),
    "a custom object": lambda p: node(p)["inputs"].append(
        {"name": "o", "arg": {"as_custom_obj": {"name": "o", "class_fqn": "o"}}, "kind": 2}
    ),
    "a structure that imports": lambda p: p["graph_module"]["module_call_graph"][0]["signature"].update(
        in_spec=json.dumps(
            [1, tree("collections.defaultdict", {"default_factory_module": "antigravity"})]
        )
    ),
    "an enumeration that imports": lambda p: p["graph_module"]["module_call_graph"][0]["signature"].update(
        out_spec=json.dumps([1, tree("builtins.dict", [{"__enum__": True, "fqn": "this:x"}])])
    ),
    "a range to count to": lambda p: p["range_constraints"].update(u99999999999={"min_val": 0, "max_val": 1}),
    "a program that nests": lambda p: graph(p).update(nodes=json.loads("[" * 300 + "]" * 300)),
}  # fmt: skip


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
def test_no_text_of_a_program_runs(plain, folder, change, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    refused(tampered(plain, folder, change))
    assert list(tmp_path.iterdir()) == []


class Runs:
    def __reduce__(self):
        return open, ("RAN", "w")


def _pickled(member):
    def change(members, root):
        inner = io.BytesIO()
        torch.save({"a": torch.ones(2)}, inner)
        parts = read_archive(inner.getvalue(), "inner")
        body = written_bytes(
            {name: pickle.dumps(Runs(), 2) if name.endswith("data.pkl") else part for name, part in parts.items()}
        )
        return members | {f"{root}/{member}": body}

    return change


def written_bytes(members):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return made.getvalue()


def _use_pickle(members, root):
    name = f"{root}/data/weights/model_weights_config.json"
    config = json.loads(members[name])
    next(iter(config["config"].values()))["use_pickle"] = True
    return members | {name: json.dumps(config).encode()}


def _weight_beyond(**meta):
    def change(members, root):
        name = f"{root}/data/weights/model_weights_config.json"
        config = json.loads(members[name])
        next(iter(config["config"].values()))["tensor_meta"].update(meta)
        return members | {name: json.dumps(config).encode()}

    return change


ARCHIVES = {
    "another program": lambda m, r: m | {f"{r}/models/other.json": m[f"{r}/models/model.json"]},
    "a library": lambda m, r: m | {f"{r}/data/aotinductor/model/model.so": b"\x7fELF"},
    "a pickled constant": lambda m, r: m | {f"{r}/data/constants/opaque_obj_0": pickle.dumps(Runs())},
    "a script object": lambda m, r: m | {f"{r}/data/constants/custom_obj_0": b"PK"},
    "pickled sample inputs": _pickled("data/sample_inputs/model.pt"),
    "pickled weights of the old form": _pickled("data/weights/model.pt"),
    "a pickle that is no archive": lambda m, r: m | {f"{r}/data/sample_inputs/model.pt": pickle.dumps(Runs())},
    "weights to unpickle": _use_pickle,
    "weights beyond the file": _weight_beyond(sizes=[{"as_int": 1 << 40}], strides=[{"as_int": 1}]),
    "weights before the file": _weight_beyond(storage_offset={"as_int": -8}),
    "two folders": lambda m, r: m | {"other/models/model.json": b"{}"},
    "a path out of the archive": lambda m, r: m | {f"{r}/../../evil": b""},
    "an absolute path": lambda m, r: m | {"/etc/evil": b""},
    "no program": lambda m, r: {name: body for name, body in m.items() if not name.endswith("model.json")},
    "a program that is no JSON": lambda m, r: m | {f"{r}/models/model.json": b"[" * 100_000},
    "a program of other types": lambda m, r: m | {f"{r}/models/model.json": b'{"graph_module": {"graph": 3}}'},
}


@pytest.mark.parametrize("change", ARCHIVES.values(), ids=ARCHIVES)
def test_no_member_of_an_archive_runs(plain, folder, change, monkeypatch, tmp_path):
    members = members_of(plain)
    root = next(iter(members)).partition("/")[0]
    path = written(folder / "tampered.pt2", change(members, root))
    monkeypatch.chdir(tmp_path)
    refused(path)
    assert list(tmp_path.iterdir()) == []


def test_archives_out_of_proportion(plain, folder):
    """Ten million zeros in ten kilobytes, two members of one name, and a member that is encrypted."""
    members = members_of(plain)
    root = next(iter(members)).partition("/")[0]
    with zipfile.ZipFile(folder / "bomb.pt2", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
        archive.writestr(f"{root}/extra/zeros", bytes(50_000_000))
    refused(folder / "bomb.pt2", "times its size")
    with zipfile.ZipFile(folder / "twice.pt2", "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, body in [*members.items(), (f"{root}/models/model.json", b"{}")]:
            archive.writestr(name, body)
    refused(folder / "twice.pt2", "two members of one name")
    content = bytearray(plain.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    (folder / "encrypted.pt2").write_bytes(content)
    refused(folder / "encrypted.pt2", "encrypted")


@pytest.mark.parametrize(
    "text",
    [
        "Symbol('s0', positive=True, integer=True)", "Add(Mul(Integer(-1), Symbol('s1', integer=True)), Integer(7))", "2*s0 + 1",
        "FloorDiv(Symbol('s0'), Integer(2))", "Max(Integer(1), Mod(Symbol('u0'), Integer(8)))", "Pow(Symbol('s3'), Integer(2))",
        "Eq(Mod(Symbol('s0'), Integer(2)), Integer(0))", "StrictGreaterThan(Symbol('s77'), Integer(3))",
        "Float('0.5', precision=53)",
        "s0**2 // 3", "-oo", "Pow(Symbol('s0'), Integer(-1))",
    ],
)  # fmt: skip
def test_sizes_that_programs_have(text):
    check_size_expression(text)


@pytest.mark.parametrize(
    "text",
    [
        "9**9**9", "Pow(Integer(9), Integer(100000))", "Integer(" + "9" * 5000 + ")", "[1]", "{}", "f'{1}'", "a.b", "x if y else z",
        "(s0 := 3)", "Symbol('os')", "Symbol(s0)", "Integer(__import__('os'))", "S('s0')", "Add(*s0)", "Add(s0, **s1)", "eval(s0)",
        "Lambda(s0, s0)", "s0()", "Symbol('s0', cls=Integer(1))", "'s0'", "b'x'", "(" * 500 + "1" + ")" * 500, "", "s0 #", "ſ0",
        "Add(" * 90 + "s0" + ")" * 90 + ".x", "Mul(" + ", ".join(["Integer(999999999999999999)"] * 100) + ")",
    ],
)  # fmt: skip
def test_sizes_that_no_program_has(text):
    with pytest.raises(sy.SymbolscopeError, match="arithmetic"):
        check_size_expression(text)


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("(L['x'].size()[0] // 2) <= L['x'].size()[0]", True), ("L['x'].size()[1] == 6", True),
        ("L['more']['k'].size()[0] % 2 == 0", True),
        ("not L['x'].size()[0] == 1 and L['y'].stride()[0] > 3", True),
        ("math.isnan(L['x'])", True), ("L['mode'] == 'trunc'", True),
        ("torch.sym_max(1, L['x'].size()[0]) != 0", True), ("torch.load('x')", False), ("L['x'].size", False), ("L.x", False),
        ("math.factorial(10**9)", False), ("L['x'].size()[0] ** 9999 > 1", False), ("[L for L in L]", False), ("L['x'](1)", False),
        ("exec('1')", False), ("L['x'].numpy().tofile('x')", False), ("L['__class__'].__init__", False), ("lambda: 1", False),
    ],
)  # fmt: skip
def test_conditions(text, passes):
    if passes:
        check_guard(text)
    else:
        with pytest.raises(sy.SymbolscopeError, match="arithmetic"):
            check_guard(text)


def test_trust_is_spoken_of():
    with pytest.raises(sy.SymbolscopeError, match=re.escape(".pt2") + ".*trust"):
        NetworkSource.parse("weights.pkl")
