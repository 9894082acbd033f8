"""The search itself: runs that do not see one another, what each loss asks for, when it stops, and what it leaves alone."""

import numpy as np
import pytest
import torch
from torch import nn

import symbolscope as sy
from symbolscope.alignment.interchange import Interchange
from symbolscope.featurizers import PCA, Boundless, Identity, Linear, Orthogonal, RevNet
from symbolscope.featurizers.featurizer import Featurizer

TASK = sy.tasks.MultiObject(max_count=6)
UP_DOWN, UP_UP = sy.programs.UpDown(TASK), sy.programs.UpUp(TASK)


def searched(network, program=UP_DOWN, **settings):
    small = {"rate": 0.03, "n_pairs": 1_000, "n_validation": 200, "progress": False}
    if isinstance(settings.get("featurizers"), list):
        return sy.align_many(network, program, TASK, **(small | settings))
    return sy.align(network, program, TASK, **(small | settings))


def weights(alignment):
    return {name: tensor.clone() for name, tensor in alignment.featurizer.state_dict().items()}


def assert_alike(first, second, *, within=1e-6):
    assert [restart.seed for restart in first.restarts] == [restart.seed for restart in second.restarts]
    for one, other in zip(first.restarts, second.restarts, strict=True):
        np.testing.assert_allclose(one.losses, other.losses, rtol=within, atol=within)
        assert one.validation == other.validation
        assert one.steps == other.steps
    for name, tensor in weights(first).items():
        torch.testing.assert_close(tensor, weights(second)[name], rtol=within, atol=within)


def trained_little():
    """A network of gates whose answers are wrong, but which is no oracle."""
    return sy.networks.GRU(TASK.vocabulary, width=6, seed=1)


@pytest.mark.parametrize("network", [sy.networks.Toy1d(TASK), trained_little()], ids=["oracle", "gates"])
def test_runs_trained_together_equal_runs_trained_alone(network):
    settings = {"steps": 12, "check_every": 4, "batch": 32, "n_pairs": 300, "n_validation": 50, "force": True}
    templates = [Linear(size=1), PCA(size=1)]
    many = searched(network, variables=("count", "phase"), featurizers=templates, restarts=2, **settings)
    assert [one.variables for one in many] == [("count",)] * 2 + [("phase",)] * 2
    for number, together in enumerate(many):
        variable, template = ("count", "phase")[number // 2], templates[number % 2]
        alone = searched(network, variable=variable, featurizer=template, restarts=2, **settings)
        assert_alike(together, alone)
    one = searched(network, variable="phase", featurizer=Linear(size=1), restarts=1, **settings)
    assert one.restarts[0].losses == pytest.approx(many[2].restarts[0].losses, abs=1e-6)  # the first of two


def test_runs_that_do_not_fit_into_one_pass_are_trained_in_several(monkeypatch):
    settings = {"steps": 12, "check_every": 4, "batch": 32, "n_pairs": 200, "featurizer": Linear(size=1), "restarts": 3}
    together = searched(sy.networks.Toy1d(TASK), **settings)
    monkeypatch.setattr("symbolscope.alignment.search._ROWS_AT_ONCE", 64)  # two runs, then one
    assert_alike(together, searched(sy.networks.Toy1d(TASK), **settings))


def test_the_best_restart_is_kept_and_all_are_recorded():
    brief = {"steps": 40, "check_every": 20, "rate": 0.01}  # none is done before its last step
    found = searched(sy.networks.ToyRotation(TASK), featurizer=Orthogonal(size=2), restarts=4, **brief)
    reached = [restart.validation_iia for restart in found.restarts]
    assert len(set(reached)) > 1
    assert found.validation_iia == max(reached)
    assert len({restart.seed for restart in found.restarts}) == 4
    for restart in found.restarts:
        assert restart.validation_iia == max(restart.validation)
        assert len(restart.losses) == len(restart.validation) == 2


def test_seeds_reproduce_and_global_chance_is_left_alone():
    settings = {"featurizer": Linear(size=2), "steps": 20, "check_every": 10, "force": True}
    before = torch.random.get_rng_state()
    first = searched(trained_little(), seed=3, **settings)
    assert torch.equal(before, torch.random.get_rng_state())
    torch.manual_seed(99)
    second = searched(trained_little(), seed=3, **settings)
    assert_alike(first, second, within=0.0)
    other = searched(trained_little(), seed=4, **settings)
    assert not torch.equal(weights(first)["u"], weights(other)["u"])
    torch.random.set_rng_state(before)


def null_share(alignment):
    """Share of runs whose answer stays as it is when everything but the features comes from another run."""
    pairs = sy.counterfactual_pairs(alignment.network, UP_DOWN, TASK, variable="count", n=500, seed=9)
    interchange = Interchange.of(alignment.network, alignment.site, pairs.natural)
    with torch.no_grad():
        return interchange.all_right(alignment.featurizer.swap(interchange.source, interchange.target)).mean()


def test_the_null_loss_makes_the_rest_of_the_state_causally_null():
    """Swapping the count leaves the phase in the rest, where it matters; asked for nothing there, the search moves it."""
    network = sy.networks.Toy1d(TASK, width=4)
    settings = {"featurizer": Linear(size=2), "steps": 300, "batch": 64}
    assert null_share(searched(network, **settings)) < 0.85
    assert null_share(searched(network, null_weight=5.0, **settings)) > 0.95


def test_with_all_variables_the_null_loss_costs_no_accuracy():
    found = searched(
        sy.networks.Toy1d(TASK),
        variable=("count", "phase"),
        featurizer=Linear(size=(1, 1)),
        null_weight=1.0,
        steps=200,
        batch=64,
    )
    assert found.validation_iia == 1.0
    assert found.restarts[0].steps == 200  # accurate long before, but there is more to ask for
    assert null_share(found) == 1.0


def test_the_latent_loss_brings_patched_states_near_natural_ones():
    """Coordinates 1..4 are 0 in every natural state, and nothing reads them: only that loss cares what is written there."""
    network = sy.networks.Toy1d(TASK, width=6)
    pairs = sy.counterfactual_pairs(network, UP_DOWN, TASK, n=300, seed=9)
    natural = torch.zeros(300, 6)
    natural[:, 0] = torch.from_numpy(pairs.source_values["count"])
    natural[:, -1] = -torch.from_numpy(pairs.target_values["phase"])
    distances = []
    for weight in (0.0, 1.0):
        found = searched(network, featurizer=Linear(size=3), latent_weight=weight, steps=200, batch=64)
        assert found.validation_iia == 1.0
        states = Interchange.of(network, found.site, pairs)
        distances.append(float((found.swap(states.target, states.source) - natural).norm(dim=1).mean()))
    assert distances[0] > 0.2
    assert distances[1] < 0.05


@pytest.mark.parametrize(
    ("network", "program", "variables"),
    [
        (sy.networks.Toy1d(TASK), UP_DOWN, ("count", "phase")),
        (sy.networks.Toy2d(TASK), UP_UP, ("demo_count", "response_count")),
    ],
    ids=["1d", "2d"],
)
def test_several_variables_at_once(network, program, variables):
    settings = {"rate": 0.05, "batch": 64, "check_every": 50, "n_pairs": 4_000, "n_validation": 1_000}
    found = searched(network, program, variable=variables, featurizer=Linear(size=(1, 1)), **settings)
    assert found.validation_iia == 1.0
    assert found.variables == variables
    for variable in variables:
        iia = found.iia(variable=variable, n=500)
        assert iia.value > 0.995
        assert iia.floor < 0.8


def test_it_stops_once_nothing_is_left_to_gain():
    found = searched(sy.networks.Toy1d(TASK), featurizer=Linear(size=1), check_every=50)
    (restart,) = found.restarts
    assert restart.validation[-1] == 1.0
    assert max(restart.validation[:-1], default=0.0) < 1.0
    assert restart.steps == 50 * len(restart.validation) < 1_000


def test_it_stops_where_nothing_improves():
    """Answers of an untrained network are never right: the first check is the best, then patience runs out."""
    settings = {"featurizer": Linear(size=1), "steps": 100, "check_every": 3, "n_pairs": 100, "force": True}
    (restart,) = searched(trained_little(), patience=2, **settings).restarts
    assert restart.validation == (0.0, 0.0, 0.0)
    assert restart.steps == 9
    assert searched(trained_little(), patience=4, **settings).restarts[0].steps == 15


def test_the_last_step_is_validated_too():
    (restart,) = searched(sy.networks.Toy1d(TASK), featurizer=Orthogonal(size=1), steps=7, check_every=5).restarts
    assert len(restart.validation) == len(restart.losses) == 2


def test_the_weights_that_are_kept_are_those_of_the_best_check():
    found = searched(sy.networks.ToyRotation(TASK), featurizer=Orthogonal(size=1), steps=60, check_every=10, rate=0.3)
    assert found.validation_iia == max(found.restarts[0].validation)
    assert not found.featurizer.training
    # The validation pairs once more: the same accuracy comes out of the weights that were handed back.
    generator = np.random.default_rng([0, UP_DOWN.names.index("count"), 1])
    pairs = sy.counterfactual_pairs(found.network, UP_DOWN, TASK, n=200, counts=TASK.trained, seed=generator)
    assert found.iia(pairs).value == found.validation_iia


class Gates(nn.Module):
    """A network in training mode, with dropout, one fixed parameter and gradients of its own."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(len(TASK.vocabulary), 4)
        self.rnn = nn.GRU(4, 4, batch_first=True)
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(4, len(TASK.vocabulary))
        self.embedding.weight.requires_grad_(False)
        self.head.weight.grad = torch.ones_like(self.head.weight)
        self.rnn.eval()

    def forward(self, tokens):
        return self.head(self.dropout(self.rnn(self.embedding(tokens))[0]))


class Breaks(Featurizer):
    """Fails at its first swap."""

    def allocate(self, width):
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, states):
        raise RuntimeError("broken on purpose")

    def inverse(self, features, error):
        return features + error


@pytest.mark.parametrize("template", [Linear(size=1), Breaks(size=1)], ids=["to the end", "broken off"])
@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_the_network_is_handed_back_as_it_was(template, weight):
    network = Gates()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    modes = [module.training for module in network.modules()]
    settings = {"featurizer": template, "steps": 3, "n_pairs": 40, "n_validation": 40, "force": True}
    if isinstance(template, Breaks):
        with pytest.raises(RuntimeError, match="broken on purpose"):
            searched(network, null_weight=weight, latent_weight=weight, **settings)
    else:
        searched(network, null_weight=weight, latent_weight=weight, **settings).iia(n=20)
    assert [module.training for module in network.modules()] == modes
    assert [p.requires_grad for p in network.parameters()] == [False] + [True] * 6
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert [name for name, p in network.named_parameters() if p.grad is not None] == ["head.weight"]
    assert (network.head.weight.grad == 1).all()
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


def test_the_template_is_not_changed():
    template = Linear(size=1)
    searched(sy.networks.Toy1d(TASK), featurizer=template, steps=3)
    assert template.width == 0
    assert not list(template.parameters())


def test_what_has_nothing_to_train_is_measured_once():
    found = searched(sy.networks.Toy1d(TASK), featurizer=Identity(size=1))
    assert found.restarts[0].steps == 0
    assert found.validation_iia == found.iia(n=100).value == 1.0
    whole = searched(sy.networks.Toy1d(TASK), featurizer=Identity(), variable=("phase",))
    assert whole.featurizer.size == 3
    assert whole.validation_iia < 0.7  # it carries the count along
    pca = searched(sy.networks.Toy1d(TASK), featurizer=PCA(size=1))
    assert pca.complexity == 0
    assert 0.3 < pca.validation_iia < 1.0


def test_what_has_nothing_to_train_goes_beside_what_has():
    templates = [PCA(size=1), Linear(size=1), Identity(size=2)]
    pca, linear, identity = searched(sy.networks.Toy1d(TASK), featurizers=templates)
    assert (pca.restarts[0].steps, identity.restarts[0].steps) == (0, 0)
    assert linear.validation_iia == identity.validation_iia == 1.0
    assert linear.restarts[0].steps > 0


def test_boundless_anneals_and_gives_up_directions():
    """Four of six coordinates are never read; it is accurate with five directions at once, and goes on to fewer."""
    template = Boundless(size=5, weight=0.3)
    found = searched(
        sy.networks.Toy1d(TASK, width=6), featurizer=template, steps=300, check_every=30, batch=64, rate=0.06
    )
    assert found.validation_iia == 1.0
    assert float(found.featurizer.temperature) < 0.5  # of 2.0 at the start
    assert found.featurizer.size <= 2
    assert found.restarts[0].validation.index(1.0) < 5


def test_a_reversible_network_is_trained():
    template = RevNet(size=1, blocks=1, hidden=8)
    found = searched(sy.networks.Toy1d(TASK, width=4), featurizer=template, batch=64)
    assert found.validation_iia > 0.95
    assert found.complexity == sum(parameter.numel() for parameter in found.featurizer.parameters())
    pairs = sy.counterfactual_pairs(found.network, UP_DOWN, TASK, n=50)
    states = Interchange.of(found.network, found.site, pairs)
    torch.testing.assert_close(found.swap(states.target, states.target), states.target)


def test_held_out_quantities_are_held_out_as_values_of_counts_only(monkeypatch):
    """A phase of 1 is not the count 1, which this task holds out."""
    from symbolscope.alignment import material as module

    task = sy.tasks.MultiObject(max_count=6, held_out=(1, 4))
    drawn = {}

    def watched(*arguments, **settings):
        pairs = sy.counterfactual_pairs(*arguments, **settings)
        drawn.setdefault(settings["variable"], pairs)
        return pairs

    monkeypatch.setattr(module, "counterfactual_pairs", watched)
    sy.align_many(
        sy.networks.Toy1d(task), sy.programs.UpDown(task), task, variables=("count", "phase"), steps=1, n_pairs=300,
        featurizers=[Linear(size=1)], progress=False,
    )  # fmt: skip
    assert set(drawn["count"].source_values["count"]) == {0, 2, 3, 5, 6}
    assert set(drawn["phase"].source_values["phase"]) == {-1, 1}
    assert set(drawn["phase"].source_values["count"]) == {0, 1, 2, 3, 4, 5, 6}
    found = sy.align(
        sy.networks.Toy1d(task), sy.programs.UpDown(task), task, featurizer=Identity(size=1), counts=(5,), n_pairs=50,
    )  # fmt: skip
    assert found.iia(counts=(6,), values=(6,), n=50).value == 1.0
