"""SAE: the dictionary that made the states is found, and training chooses the latents that carry a variable."""

import pytest
import torch
from tests.featurizers.instances import examples
from torch.nn import functional

from symbolscope.featurizers import SAE

WIDTH = 8


def sparse(n, generator):
    """Activations of the true atoms, a quarter of them not zero."""
    shape = (n, WIDTH)
    return torch.rand(shape, generator=generator) * (torch.rand(shape, generator=generator) < 0.25)


@pytest.fixture(scope="module")
def fitted():
    generator = torch.Generator().manual_seed(0)
    atoms = torch.linalg.qr(torch.randn(WIDTH, WIDTH, generator=generator))[0]
    template = SAE(1, latents=16, active=4, steps=600)
    return template.initialise(WIDTH, seed=0, states=7.0 + 3.0 * sparse(4000, generator) @ atoms), atoms, generator


def test_the_dictionary_is_found(fitted):
    featurizer, atoms, generator = fitted
    cosines = functional.normalize(featurizer.decoder, dim=1) @ atoms.T  # [m, true]
    assert float(cosines.max(dim=0).values.min()) > 0.95
    states = 7.0 + 3.0 * sparse(1000, generator) @ atoms
    z = featurizer.latent(states)
    assert int((z > 0).sum(dim=1).max()) <= 4
    assert float(z.min()) == 0.0
    missed = states - featurizer.mean - z @ featurizer.decoder
    assert float(missed.square().sum() / (states - states.mean(dim=0)).square().sum()) < 0.05


def test_training_chooses_the_latent_that_carries_the_variable(fitted):
    start, atoms, generator = fitted
    for variable in (2, 5):
        featurizer = start.blank(WIDTH)
        featurizer.load_state_dict(start.state_dict())
        optimiser = torch.optim.Adam(featurizer.parameters(), lr=0.01)
        for _ in range(150):
            targets, sources = sparse(128, generator), sparse(128, generator)
            swapped = targets.clone()
            swapped[:, variable] = sources[:, variable]
            target, source, wanted = (7.0 + 3.0 * z @ atoms for z in (targets, sources, swapped))
            loss = (featurizer.swap(target, source) - wanted).square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        cosines = functional.normalize(featurizer.decoder, dim=1) @ atoms[variable]
        assert float(cosines[featurizer.chosen]) > 0.95
        assert float(loss.detach()) < 0.2 * float((target - wanted).square().mean())
        assert torch.equal(featurizer.decoder, start.decoder)


def test_on_states_that_its_dictionary_describes_swapping_twice_is_swapping_once():
    featurizer = SAE(3, latents=WIDTH, active=WIDTH, steps=0).initialise(WIDTH, seed=0, states=examples(WIDTH))
    weights = featurizer.state_dict()
    atoms = torch.linalg.qr(weights["decoder"])[0]
    described = {"decoder": 2.0 * atoms, "encoder": 0.5 * atoms.T, "offset": torch.zeros(WIDTH)}
    featurizer.load_state_dict(weights | described)
    z, other = (sparse(20, torch.Generator().manual_seed(seed)) for seed in (1, 2))
    target, source = (featurizer.mean + 2.0 * latents @ atoms for latents in (z, other))
    assert torch.allclose(featurizer(target)[0], z[:, featurizer.chosen], atol=1e-5)
    once = featurizer.swap(target, source)
    assert torch.allclose(featurizer.swap(once, source), once, atol=1e-5)
    assert torch.allclose(featurizer.swap(once, target), target, atol=1e-5)


def test_the_most_active_latents_are_chosen_at_the_start():
    wide = SAE(4, latents=16, active=4, steps=50).initialise(WIDTH, seed=0, states=examples(WIDTH, n=500))
    energies = wide.latent(examples(WIDTH, n=500)).square().mean(dim=0)
    assert set(wide.chosen.tolist()) == set(energies.topk(4).indices.tolist())
    assert wide.chosen.tolist() == sorted(wide.chosen.tolist())
    assert float(wide.preferences.detach().max()) == pytest.approx(0.01)


def test_the_fit_does_not_depend_on_the_units_of_the_states():
    states = examples(WIDTH, torch.float64, n=300)
    template = SAE(2, latents=12, active=3, steps=30)
    small, large = (template.initialise(WIDTH, seed=0, states=scale * states + 5.0) for scale in (1e-3, 1e3))
    assert torch.allclose(small.latent(1e-3 * states + 5.0), large.latent(1e3 * states + 5.0), atol=1e-6)


def test_states_that_do_not_vary_are_fitted_too():
    featurizer = SAE(2, latents=6, active=2, steps=5).initialise(4, seed=0, states=torch.ones(10, 4))
    features, error = featurizer(torch.ones(3, 4))
    assert bool(torch.isfinite(featurizer.inverse(features, error)).all())
