import abc
import dataclasses
import enum
import functools
import os
import subprocess
import sys
import threading
import typing
import weakref

import numpy as np
import pytest
import torch
from beartype import beartype
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from torch import nn

import symbolscope as sy
from symbolscope.games.store import game_fingerprint

SAMPLE = [1.0, -2.0, 0.5]


class Attention(nn.Module):
    """A network of the caller's own, with settings of many kinds."""

    scale = 2.0

    def __init__(self, width=4, activation=torch.tanh):
        super().__init__()
        self.first, self.second = nn.Linear(3, width), nn.Linear(width, 2)
        self.activation = activation
        self.settings = {"gains": [1.0, (2.0, None)], "names": {"a", "b", "c"}}
        self.register_buffer("counts", torch.arange(4.0))

    def mixed(self, hidden):
        return hidden * self.scale + OFFSET

    def forward(self, x):
        return self.second(self.mixed(self.activation(self.first(x))))


OFFSET = 0.25


def attention(**given):
    torch.manual_seed(0)
    return Attention(**given).eval()


def fingerprint(network, **given):
    given = ({} if callable(given.get("score")) else {"target": 1}) | given
    return game_fingerprint(sy.Game(network, given.pop("sample", SAMPLE), **given))


def of_function(function, n=3):
    return game_fingerprint(sy.Game.from_function(function, n))


def test_a_fingerprint_is_a_sha256():
    found = fingerprint(attention())
    assert len(found) == 64
    assert int(found, 16) > 0


def test_the_same_network_built_again_is_the_same():
    assert fingerprint(attention()) == fingerprint(attention())


def test_names_training_mode_and_a_call_change_nothing():
    network = attention()
    before = fingerprint(network)
    game = sy.Game(network.train(), SAMPLE, target=1, player_names=["a", "b", "c"])
    game(sy.all_masks(3))
    assert game_fingerprint(game) == before


@pytest.mark.parametrize("name", ["first.weight", "second.bias", "counts"])
def test_one_bit_of_a_parameter_or_buffer_counts(name):
    network = attention()
    before = fingerprint(network)
    entry = network.state_dict()[name].view(-1)[-1:]
    entry.copy_(torch.nextafter(entry, torch.tensor(torch.inf)))
    assert fingerprint(network) != before


def change_scale(network):
    network.scale = 2.5


def change_activation(network):
    network.activation = torch.sigmoid


def change_nested(network):
    network.settings["gains"][1] = (2.0, 0)


def change_set(network):
    network.settings["names"].add("d")


def change_dtype_of_buffer(network):
    network.counts = network.counts.double()


def change_order(network):
    network._modules["first"] = network._modules.pop("first")


def add_hook(network):
    network.first.register_forward_hook(lambda module, inputs, output: output * 2)


def replace_forward(network):
    network.forward = lambda x: network.second(network.first(x))


def add_dropout_of_another_kind(network):
    network.first.extra = nn.LayerNorm(4, eps=1e-3)


@pytest.mark.parametrize(
    "change",
    [
        change_scale,
        change_activation,
        change_nested,
        change_set,
        change_dtype_of_buffer,
        change_order,
        add_hook,
        replace_forward,
        add_dropout_of_another_kind,
    ],
)
def test_whatever_a_network_consists_of_counts(change):
    network = attention()
    before = fingerprint(network)
    change(network)
    assert fingerprint(network) != before


def test_settings_of_library_layers_count():
    found = [
        fingerprint(nn.Sequential(nn.Linear(3, 2), layer))
        for layer in (nn.LeakyReLU(0.1), nn.LeakyReLU(0.2), nn.ReLU(), nn.GELU(), nn.GELU(approximate="tanh"))
    ]
    assert len(set(found)) == 5


def variant(**changes):
    """The class made anew with other members, its network with the same weights."""
    kind = type("Attention", (nn.Module,), dict(vars(Attention)) | changes)
    kind.__qualname__ = Attention.__qualname__
    network = attention()
    network.__class__ = kind
    return network


def with_init_of_its_own(self):
    self.created = True


def mixed_twice(self, hidden):
    return hidden * self.scale * 2 + OFFSET


def test_the_code_and_the_members_of_a_class_count():
    same = fingerprint(variant())
    assert fingerprint(variant(mixed=mixed_twice)) != same
    assert fingerprint(variant(scale=3.0)) != same
    assert fingerprint(variant(helper=lambda self: 1)) != same
    assert fingerprint(variant(__doc__="another")) == same


def test_a_method_that_is_overridden_counts_where_it_is_called():
    def kind(factor):
        class Base(nn.Module):
            def forward(self, x):
                return x * factor

        class Derived(Base):
            def forward(self, x):
                return super().forward(x) + 1

        return Derived()

    assert fingerprint(kind(2.0)) == fingerprint(kind(2.0))
    assert fingerprint(kind(2.0)) != fingerprint(kind(3.0))


def test_methods_that_other_code_calls_by_name_count(monkeypatch):
    class Encoder(nn.Module):
        def encode(self, x):
            return x * OFFSET

    class Whole(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = Encoder()

        def forward(self, x):
            return self.encoder.encode(x)

    before = fingerprint(Whole())
    monkeypatch.setitem(globals(), "OFFSET", 0.5)
    assert fingerprint(Whole()) != before


def test_a_method_that_cannot_be_read_matters_only_if_it_may_be_called():
    lock = threading.Lock()

    class Layer(nn.Module):
        def training_step(self, x):
            with lock:
                return x

        def forward(self, x):
            return x * 2.0

    class Trained(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = Layer()

        def forward(self, x):
            return self.layer.training_step(x)

    assert fingerprint(nn.Sequential(Layer())) == fingerprint(nn.Sequential(Layer()))
    with pytest.raises(sy.SymbolscopeError, match=r"depend on 'lock', which the function .*training_step' uses"):
        fingerprint(Trained())


def test_a_global_that_a_method_uses_counts(monkeypatch):
    before = fingerprint(attention())
    monkeypatch.setitem(globals(), "OFFSET", 0.5)
    assert fingerprint(attention()) != before


@pytest.mark.parametrize(
    "given",
    [
        {"baseline": 0.1},
        {"baseline": [0.0, 0.0, 1e-30]},
        {"target": 0},
        {"score": "logit"},
        {"score": "probability"},
        {"score": lambda outputs: outputs[:, 0]},
        {"sample": [1.0, -2.0, float(np.nextafter(np.float32(0.5), np.float32(1)))]},
        {"players": [[0], [1, 2]]},
        {"players": [[1], [0], [2]]},
        {"players": [[0], [2]]},
    ],
)
def test_whatever_a_game_consists_of_counts(given):
    assert fingerprint(attention(), **given) != fingerprint(attention())


def test_the_precision_of_a_network_counts():
    assert fingerprint(attention().double()) != fingerprint(attention())


def test_score_functions_are_read():
    def margin(power):
        return lambda outputs: (outputs[:, 1] - outputs[:, 0]) ** power

    assert fingerprint(attention(), score=margin(2)) == fingerprint(attention(), score=margin(2))
    assert fingerprint(attention(), score=margin(2)) != fingerprint(attention(), score=margin(3))


HELPER_WEIGHTS = np.arange(3.0)


def helper(masks):
    return masks @ HELPER_WEIGHTS


def default(masks, weight=2.0):
    return masks.sum(axis=1) * weight


def keyword(masks, *, weight=2.0):
    return masks.sum(axis=1) * weight


@beartype
def checked(masks: np.ndarray) -> np.ndarray:
    return masks.sum(axis=1) * 5.0


class Checked:
    @beartype
    def __call__(self, masks: np.ndarray) -> np.ndarray:
        return masks.sum(axis=1) * 6.0


class Table:
    __slots__ = ("weights",)

    def __init__(self, weights):
        self.weights = weights

    def __call__(self, masks):
        return self.values(masks)

    def values(self, masks):
        return masks @ self.weights


def functions():
    """Functions that all differ."""
    matrix = np.eye(3)
    tensor = torch.ones(3)
    recursive = [1, 2]
    recursive.append(recursive)
    yield lambda masks: masks.sum(axis=1)
    yield lambda masks: masks.sum(axis=1) + 1
    yield lambda masks: masks.sum(axis=1) + 1.0
    yield lambda masks: masks.sum(axis=1) + True
    yield lambda masks: masks.prod(axis=1)
    yield lambda masks: matrix[0, 0] * masks.sum(axis=1)
    yield lambda masks: masks @ tensor.numpy()
    yield lambda masks: masks.sum(axis=1) * len(recursive)
    yield lambda masks: np.array([row.sum() in {1, 2} for row in masks])
    yield lambda masks: np.array([row.sum() in {1, 3} for row in masks])
    yield lambda masks: np.array([(lambda count: count * 2)(row.sum()) for row in masks])
    yield lambda masks: np.array([(lambda count: count * 3)(row.sum()) for row in masks])
    yield lambda masks: helper(masks)
    yield helper
    yield default
    yield keyword
    yield functools.partial(default, weight=3.0)
    yield functools.partial(default, weight=4.0)
    yield functools.partial(keyword, weight=3.0)
    yield functools.lru_cache(default)
    yield Table(np.arange(3.0))
    yield Table(np.arange(3.0) + 1)
    yield Table(np.arange(3.0)).values
    yield checked
    yield Checked()
    yield np.arange(6.0).reshape(3, 2).dot
    yield np.arange(8.0).reshape(4, 2).dot
    yield np.random.default_rng(0).random
    yield np.random.default_rng(1).random
    yield sy.Game.from_function(default, 3)
    yield torch.tensor([1.0, 2.0]).add
    yield torch.tensor([1.0, 2.5]).add
    yield weakref.ref(Table)
    yield np.sum
    yield max


def test_functions_that_differ_have_different_fingerprints_and_each_its_own():
    first = [of_function(function) for function in functions()]
    assert first == [of_function(function) for function in functions()]
    assert len(set(first)) == len(first)


def test_what_a_function_refers_to_counts(monkeypatch):
    before = of_function(helper)
    through = of_function(lambda masks: helper(masks))
    monkeypatch.setitem(globals(), "HELPER_WEIGHTS", np.arange(3.0) + 1e-9)
    assert of_function(helper) != before
    assert of_function(lambda masks: helper(masks)) != through


def test_a_module_of_ones_own_counts_by_what_is_used_of_it(tmp_path, monkeypatch):
    (tmp_path / "own_settings_for_test.py").write_text("gain = 2.0\nother = 1.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    import own_settings_for_test as settings

    def inside(masks):
        import own_settings_for_test

        return masks.sum(axis=1) * own_settings_for_test.gain

    def outside(masks):
        return masks.sum(axis=1) * settings.gain

    for function in (inside, outside):
        before = of_function(function)
        monkeypatch.setattr(settings, "other", 5.0)
        assert of_function(function) == before
        monkeypatch.setattr(settings, "gain", 3.0)
        assert of_function(function) != before
        monkeypatch.setattr(settings, "gain", 2.0)
    monkeypatch.delitem(sys.modules, "own_settings_for_test")
    with pytest.raises(sy.SymbolscopeError, match=r"the module 'own_settings_for_test', which .*inside.* imports"):
        of_function(inside)


class Config:
    WEIGHTS = np.arange(3.0)
    GAINS = [1.0, 2.0]  # noqa: RUF012
    TENSOR = torch.ones(3)
    NESTED = {"a": [1.0, (2.0, 3.0)]}  # noqa: RUF012
    scaled = functools.partial(default, weight=GAINS)
    lock = threading.Lock()


class Configured(nn.Module):
    gains = [1.0, 2.0]  # noqa: RUF012

    def forward(self, x):
        return x @ torch.from_numpy(Config.WEIGHTS).float()[:, None] * self.gains[0]


def test_data_of_a_class_counts_where_code_uses_the_class(monkeypatch):
    def function(masks):
        return masks @ Config.WEIGHTS

    found = {of_function(function)}
    assert found == {of_function(function)}
    changes = {
        "WEIGHTS": np.arange(3.0) + 1,
        "GAINS": [1.0, 2.5],
        "TENSOR": torch.zeros(3),
        "NESTED": {"a": [1.0, (2.0, 4.0)]},
        "scaled": functools.partial(default, weight=[9.0]),
        "another": np.zeros(1),
    }
    for name, value in changes.items():
        monkeypatch.setattr(Config, name, value, raising=False)
        found.add(of_function(function))
    assert len(found) == 1 + len(changes)


def test_data_of_a_class_counts_in_a_network(monkeypatch):
    before = fingerprint(Configured(), target=0, score="output")
    assert fingerprint(Configured(), target=0, score="output") == before
    monkeypatch.setattr(Configured, "gains", [1.5, 2.0])
    changed = fingerprint(Configured(), target=0, score="output")
    monkeypatch.setattr(Config, "WEIGHTS", np.arange(3.0) * 2)
    assert len({before, changed, fingerprint(Configured(), target=0, score="output")}) == 3


def test_data_that_cannot_be_read_matters_only_if_it_may_be_used():
    def locked(masks):
        with Config.lock:
            return masks.sum(axis=1)

    assert len(of_function(lambda masks: masks @ Config.WEIGHTS)) == 64
    with pytest.raises(sy.SymbolscopeError, match=r"depend on Config\.lock, a _thread\.lock, whose contents"):
        of_function(locked)


def test_what_is_read_in_passing_counts_where_it_is_used():
    lock = threading.Lock()

    def inner(layer, x):
        return layer.guarded(x)

    class Layer(nn.Module):
        tools = (inner, lock)  # cannot be read, but the first of them is used below

        def guarded(self, x):
            with lock:
                return x

        def forward(self, x):
            return inner(self, x)

    with pytest.raises(sy.SymbolscopeError, match=r"depend on 'lock', which the function .*guarded' uses"):
        fingerprint(Layer(), target=0, score="output")


def test_classes_of_every_make_are_read():
    class Mode(enum.Enum):
        SLOW = 1.0
        FAST = 2.0

    class Flags(enum.IntFlag):
        ONE = 1
        TWO = 2

    class Pair(typing.NamedTuple):
        first: int
        second: float = 2.0

    @dataclasses.dataclass(slots=True)
    class Settings:
        mode: Mode = Mode.FAST
        places: list[int] = dataclasses.field(default_factory=list)

    class Doubled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

    class Lazy(abc.ABC):  # noqa: B024
        squash = staticmethod(np.tanh)

        @functools.cached_property
        def gain(self):
            return 3.0

        @functools.lru_cache  # noqa: B019
        def shift(self):
            return 4.0

    def function(masks):
        values = masks.sum(axis=1) * Settings().mode.value * Lazy().gain + Lazy().shift() + Pair(1).second
        return Doubled.apply(torch.from_numpy(Lazy.squash(values) * (Flags.ONE | Flags.TWO).value)).numpy()

    assert of_function(function) == of_function(function)


def test_hooks_of_all_modules_count():
    from torch.nn.modules.module import register_module_forward_hook

    before = fingerprint(attention())
    handle = register_module_forward_hook(lambda module, inputs, output: output * 1.0)
    try:
        doubled = fingerprint(attention())
    finally:
        handle.remove()
    assert doubled != before
    assert fingerprint(attention()) == before


def test_a_key_stands_for_a_function():
    lock = threading.Lock()

    def locked(masks):
        with lock:
            return masks.sum(axis=1)

    with pytest.raises(
        sy.SymbolscopeError, match=r"depend on 'lock', which the function .*locked' uses, a _thread.lock"
    ):
        of_function(locked)
    keyed = [sy.Game.from_function(function, 3, key=key) for function in (locked, default) for key in ("v1", "v2")]
    assert game_fingerprint(keyed[0]) == game_fingerprint(keyed[2])
    assert game_fingerprint(keyed[0]) != game_fingerprint(keyed[1])
    assert game_fingerprint(keyed[0]) != game_fingerprint(sy.Game.from_function(locked, 4, key="v1"))
    assert keyed[0].key == "v1"
    assert sy.Game.from_function(locked, 3).key is None
    with pytest.raises(sy.SymbolscopeError, match=r"key must be a name of the function"):
        sy.Game.from_function(locked, 3, key="")


def unreadable_file(x):
    return x[:, :2] + FILE.fileno() * 0


FILE = sys.__stderr__


def traced():
    with pytest.warns(DeprecationWarning, match=r"torch.jit.trace"):
        return torch.jit.trace(nn.Linear(3, 2), torch.ones(2, 3))


def with_attribute(value):
    network = nn.Sequential(nn.Linear(3, 2))
    network[0].notes = value
    return network


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (traced, r"the network, a scripted TopLevelTracedModule"),
        (lambda: unreadable_file, r"'FILE', which the function 'unreadable_file' uses, a _io.TextIOWrapper"),
        (
            lambda: with_attribute(i for i in range(3)),
            r"the attribute 'notes' of the network.0, a Linear, a builtins.generator",
        ),
        (lambda: with_attribute(torch.empty(2, device="meta")), r"the attribute 'notes' of .*, a tensor without data"),
        (
            lambda: with_attribute(sys.modules[__name__]),
            r"the attribute 'notes' of .*, the whole module '.*test_fingerprint'",
        ),
    ],
)
def test_what_cannot_be_read_is_named_with_a_way_out(make, message):
    game = sy.Game(make(), SAMPLE, target=1)
    with pytest.raises(sy.SymbolscopeError, match=message + r".*sy.Game.from_function\(game, 3, key=\"my model v3\"\)"):
        game_fingerprint(game)
    named = sy.Game.from_function(game, game.n_players, key="my model v3")
    assert len(game_fingerprint(named)) == 64


def test_nesting_without_end_is_refused():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(sy.SymbolscopeError, match="nested too deeply"):
        of_function(lambda masks: masks.sum(axis=1) + len(deep))


IRIS = load_iris()


def estimator(kind, **given):
    return kind(**given).fit(IRIS.data, IRIS.target)


def test_estimators_are_read_with_the_functions_in_them():
    def scaled(factor):
        transformer = FunctionTransformer(lambda X: X * factor)
        return make_pipeline(transformer, StandardScaler(), LogisticRegression(max_iter=500)).fit(
            IRIS.data, IRIS.target
        )

    def forest(seed):
        return estimator(RandomForestClassifier, n_estimators=3, random_state=seed)

    def found(fitted, **given):
        return game_fingerprint(sy.Game(fitted, IRIS.data[0], target=1, **given))

    games = [
        found(scaled(2.0)),
        found(scaled(4.0)),
        found(forest(0)),
        found(forest(1)),
        found(forest(0), score="probability"),
    ]
    assert len(set(games)) == 5
    assert games[:3] == [found(scaled(2.0)), found(scaled(4.0)), found(forest(0))]
    logistic = estimator(LogisticRegression, max_iter=500)
    before = found(logistic)
    logistic.coef_[0, 0] = np.nextafter(logistic.coef_[0, 0], 9.0)
    assert found(logistic) != before


def text_game(text="not bad", **given):
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    vocabulary = {"[UNK]": 0, "[MASK]": 1, "not": 2, "bad": 3, "good": 4}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]", mask_token="[MASK]")
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=5,
        hidden_size=8,
        num_hidden_layers=given.pop("layers", 1),
        num_attention_heads=2,
        intermediate_size=8,
    )
    return sy.Game.from_text(BertForSequenceClassification(config).eval(), tokenizer, text, target=1, **given)


def test_texts_are_read():
    first = game_fingerprint(text_game())
    assert first == game_fingerprint(text_game())
    others = [
        text_game("not good"),
        text_game("not bad bad"),
        text_game(level="embedding"),
        text_game(baseline="unk"),
        text_game(words=["bad"]),
        text_game(layers=2),
    ]
    assert len({first, *map(game_fingerprint, others)}) == 7
    game = text_game()
    game(sy.all_masks(2))
    assert game_fingerprint(game) == first


@pytest.mark.parametrize(
    "network",
    [
        lambda: nn.Sequential(nn.Unflatten(1, (3, 1)), nn.LSTM(1, 2, batch_first=True), _First()),
        lambda: nn.utils.parametrizations.weight_norm(nn.Linear(3, 2)),
        lambda: torch.fx.symbolic_trace(nn.Sequential(nn.Linear(3, 2), nn.ReLU())),
        lambda: torch.export.export(nn.Sequential(nn.Linear(3, 2), nn.ReLU()), (torch.ones(2, 3),)).module(),
        lambda: nn.Sequential(
            nn.Unflatten(1, (3, 1)),
            nn.TransformerEncoderLayer(1, 1, 4, batch_first=True),
            nn.Flatten(),
            nn.Linear(3, 2),
        ),
        lambda: torch.func.vmap(nn.Linear(3, 2)),
    ],
)
def test_networks_of_every_make_are_read(network):
    def made(seed):
        torch.manual_seed(seed)
        made = network()
        return made.eval() if isinstance(made, nn.Module) and not isinstance(made, torch.fx.GraphModule) else made

    assert fingerprint(made(0)) == fingerprint(made(0))
    assert fingerprint(made(0)) != fingerprint(made(1))


class _First(nn.Module):
    def forward(self, outputs):
        return outputs[0][:, -1]


def test_tied_and_copied_weights_are_alike():
    def made(tied):
        torch.manual_seed(0)
        network = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
        network[1].weight = network[0].weight if tied else nn.Parameter(network[0].weight.detach().clone())
        return network

    assert fingerprint(made(tied=True)) == fingerprint(made(tied=False))


SCRIPT = """
import torch
from test_fingerprint import found_here

torch.set_num_threads(1)
print(*found_here())
"""


def found_here():
    forest = estimator(RandomForestClassifier, n_estimators=3, random_state=0)
    game = sy.Game(forest, IRIS.data[0], target=1)
    margin = fingerprint(attention(), score=lambda outputs: outputs[:, 1] - outputs[:, 0])
    return [fingerprint(attention()), margin, game_fingerprint(game), *map(of_function, functions())]


def test_another_process_with_another_hash_seed_finds_the_same():
    here = os.path.dirname(__file__)
    environment = os.environ | {"PYTHONHASHSEED": "12345", "PYTHONPATH": here}
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, cwd=here, env=environment
    )
    assert ran.stdout.split() == found_here()
