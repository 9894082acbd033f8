"""The package as a whole: public names, what importing costs, and which folder may import which."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import symbolscope as sy

SOURCE = Path(sy.__file__).parent

PUBLIC = {
    "SymbolscopeError", "Game", "Players", "baselines", "all_masks", "evaluate", "mobius", "inverse_mobius", "or_mobius",
    "inverse_or_mobius", "explain", "decompose", "InteractionModel", "write_report",
    "tasks", "programs", "networks", "sites", "featurizers", "align", "align_many", "align_models", "Alignment",
    "counterfactual_pairs", "markov_test", "train", "study_counting", "evidence", "assess", "assess_many", "Faithfulness",
    "causal_graph", "AndOrGraph", "learn_baseline", "check_emergence", "emergence_over", "summarise_emergence",
    "transferability", "discrimination", "jaccard", "intersection_over_union", "strength_by_order_and_sign", "audit",
    "generalizable_interactions", "interaction_dynamics", "InteractionRecorder",
    "explain_many", "Explanations", "explain_hierarchy", "Hierarchy", "RunFile", "executors",
}  # fmt: skip


def test_public_names():
    """The names a type checker sees are the names that can be imported."""
    declared = {
        alias.asname
        for node in ast.walk(ast.parse((SOURCE / "__init__.py").read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("symbolscope")
        for alias in node.names
    }
    assert declared == PUBLIC
    assert set(dir(sy)) >= PUBLIC
    for name in PUBLIC:
        assert getattr(sy, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = sy.nothing


@pytest.mark.parametrize(
    "module",
    ["numba", "sklearn", "scipy.optimize", "scipy.sparse", "rich", "jinja2", "typer", "pandas", "ray", "lightgbm"],
)
def test_importing_symbolscope_imports_nothing_heavy(module):
    names = "; ".join(f"symbolscope.{name}" for name in sorted(PUBLIC))
    code = f"import sys, torch; before = {{*sys.modules}}; import symbolscope; {names}; "
    code += f"print({module!r} in {{*sys.modules}} - before)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False", out.stderr


# Each folder may import from itself and from those named.
ALLOWED = {
    "core": set(),
    "games": set(),
    "interactions": {"games"},
    "graphs": {"games", "interactions"},
    "emergence": {"games", "interactions", "graphs", "networks", "tasks"},
    "tasks": set(),
    "programs": {"tasks"},
    "networks": {"games", "tasks"},
    "sites": {"tasks", "networks"},
    "featurizers": set(),
    "alignment": {"games", "tasks", "programs", "networks", "sites", "featurizers"},
    "evidence": {"networks"},
    "report": {
        "games",
        "interactions",
        "graphs",
        "emergence",
        "tasks",
        "programs",
        "networks",
        "sites",
        "featurizers",
        "alignment",
        "evidence",
    },
    "cli": {
        "games",
        "interactions",
        "graphs",
        "emergence",
        "tasks",
        "programs",
        "networks",
        "sites",
        "featurizers",
        "alignment",
        "evidence",
        "report",
    },
}
# The notebook representation belongs to the model but is drawn by report, which is imported when a notebook asks for it.
# So does its And-Or graph, which stands above it.
EXCEPTIONS = {("interactions/model.py", "report"), ("interactions/model.py", "graphs")}


def test_folders_import_only_from_above():
    assert {p.name for p in SOURCE.iterdir() if p.is_dir() and p.name != "__pycache__"} == set(ALLOWED)
    for path in SOURCE.rglob("*.py"):
        relative = path.relative_to(SOURCE)
        if len(relative.parts) == 1:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("symbolscope."):
                folder = node.module.split(".")[1]
                if folder in ALLOWED and folder not in ("core", relative.parts[0]):
                    allowed = folder in ALLOWED[relative.parts[0]] or (relative.as_posix(), folder) in EXCEPTIONS
                    assert allowed, f"{relative} imports {node.module}"


# A worker process unpacks the game that the process which started it has packed; nothing else is ever unpickled.
UNPACKS_ITS_OWN_PARENTS_PARCEL = "games/executors/parcel.py"


def test_no_file_loads_pickles():
    for path in SOURCE.rglob("*.py"):
        text = path.read_text()
        assert "import pickle" not in text
        assert "allow_pickle=True" not in text
        assert "weights_only=False" not in text
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Attribute) and node.attr in ("loads", "load") and isinstance(node.value, ast.Name):
                unpickles = node.value.id in (
                    "cloudpickle",
                    "pickle",
                    "dill",
                    "joblib",
                    "marshal",
                    "torch",
                    "np",
                    "numpy",
                )
                allowed = path.relative_to(SOURCE).as_posix() == UNPACKS_ITS_OWN_PARENTS_PARCEL
                assert not unpickles or allowed, f"{path}:{node.lineno} unpickles"
