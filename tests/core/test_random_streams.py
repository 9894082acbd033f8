"""No two streams share a draw: not of two purposes, not of two seeds, not of two keys; and every file of ours uses them."""

import ast
import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symbolscope as sy
from symbolscope.core.random_streams import small_seed, stream, stream_seed, torch_stream

SOURCE = Path(sy.__file__).parent
SEEDS = range(31)
# Where an array is perturbed, one constant seed serves one purpose within one file. Networks, featurizers and what a user draws
# from a task begin from the bare seed that is given, which is no named stream; studies and the demo draw data sets so.
BARE = re.compile(
    r"interactions/decomposition/simplex\.py|graphs/shortest_codebook\.py|cli/reproduction/|cli/demo\.py|core/(random_streams|argument_checks)\.py"
    r"|networks/(gru|lstm|mlp|res_mlp|transformer|planted|harsanyi|skewed|toy_orthogonal)\.py|networks/train\.py|evidence/redraw\.py"
    r"|featurizers/featurizer\.py|programs/scrambled\.py|tasks/(task|classification|described)\.py"
)


def purposes():
    """Every purpose that a file of ours names, as it is written; what is filled in is tried with each word that is."""
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) >= 2):
                continue
            if node.func.id not in ("stream", "torch_stream", "stream_seed", "small_seed"):
                continue
            purpose = node.args[1]
            if isinstance(purpose, ast.Constant):
                found.setdefault(purpose.value, set()).add(path.name)
            elif isinstance(purpose, ast.JoinedStr):
                for word in ("training", "validation", "test", "held-out", "uniform", "size", "near-full"):
                    text = "".join(part.value if isinstance(part, ast.Constant) else word for part in purpose.values)
                    found.setdefault(text, set()).add(path.name)
    return found


PURPOSES = purposes()


def first_draws(purpose, seed, *keys):
    return tuple(stream(seed, purpose, *keys).integers(1 << 62, size=2).tolist())


def test_every_pair_of_streams_is_apart_for_every_seed():
    """All purposes of the library, seeds 0 to 30, without and with keys: all first draws differ pairwise."""
    assert len(PURPOSES) >= 40
    kinds = [
        (purpose, seed, *keys) for purpose in PURPOSES for seed in SEEDS for keys in ((), (0,), (1,), (0, 0), (30,))
    ]
    draws = {first_draws(purpose, seed, *keys) for purpose, seed, *keys in kinds}
    assert len(draws) == len(kinds)


def test_seeds_for_torch_are_apart_too():
    kinds = [(purpose, seed) for purpose in PURPOSES for seed in SEEDS]
    assert len({stream_seed(seed, purpose) for purpose, seed in kinds}) == len(kinds)
    draws = {tuple(torch_stream(seed, purpose).get_state()[:64].tolist()) for purpose, seed in kinds[:200]}
    assert len(draws) == 200


def test_a_purpose_belongs_to_one_file():
    shared = {purpose: files for purpose, files in PURPOSES.items() if len(files) > 1}
    assert not shared


@given(st.integers(0, 1 << 80), st.integers(0, 1 << 80), st.text(max_size=8), st.text(max_size=8))
def test_whatever_the_seeds_and_names_only_equal_ones_are_equal(seed, other, name, another):
    same = (seed, name) == (other, another)
    assert (first_draws(name, seed) == first_draws(another, other)) is same


@given(st.lists(st.integers(0, 40), max_size=4), st.lists(st.integers(0, 40), max_size=4))
def test_keys_do_not_run_together(keys, others):
    """NumPy drops trailing zeros, and joins 1, 23 and 12, 3 where they are only written one after the other."""
    assert (first_draws("k", 7, *keys) == first_draws("k", 7, *others)) is (keys == others)


def test_no_stream_is_that_of_a_bare_seed():
    bare = {tuple(np.random.default_rng(seed).integers(1 << 62, size=2).tolist()) for seed in range(1_000)}
    bare |= {
        tuple(np.random.default_rng([a, b]).integers(1 << 62, size=2).tolist())
        for a, b in itertools.product(SEEDS, SEEDS)
    }
    assert not bare & {first_draws(purpose, seed) for purpose in PURPOSES for seed in SEEDS}


def test_a_generator_is_the_stream_itself():
    generator = np.random.default_rng(4)
    assert stream(generator, "anything", 3) is generator


@pytest.mark.parametrize("seed", [-1, 1.0, True, None, "0", np.float64(2), [0, 1], np.bool_(0)])
def test_what_is_no_seed_is_refused(seed):
    for make in (stream, torch_stream, stream_seed, small_seed):
        with pytest.raises(sy.SymbolscopeError, match="seed"):
            make(seed, "anything")


def test_numbers_of_numpy_are_seeds():
    assert first_draws("p", np.int64(3)) == first_draws("p", np.uint8(3)) == first_draws("p", 3)
    assert small_seed(np.int32(3), "p") == small_seed(3, "p") < 1 << 32
    assert np.random.RandomState(small_seed(3, "p")).random() < 1  # what a user's own function may do with it


def test_files_seed_generators_by_name_alone():
    bare = re.compile(r"default_rng\(|SeedSequence\(|manual_seed\(|RandomState\(")
    for path in SOURCE.rglob("*.py"):
        relative = path.relative_to(SOURCE).as_posix()
        if BARE.search(relative):
            continue
        lines = [
            line
            for line in path.read_text().splitlines()
            if ">>>" not in line and "..." not in line and "``" not in line
        ]
        assert not [line for line in lines if bare.search(line)], relative
