"""One alignment of a GRU in pyvene 0.1.8, made right by repairs; ``alignment.py --only steps`` runs it in a process of its own.

    python benchmarks/alignment_pyvene.py MATERIAL.npz

Reads numbers of steps from its input, one a line; for each writes {"seconds": CPU, "losses": [...]}. Needs torch and pyvene alone.

pyvene 0.1.8 as it is cannot do this: ``scatter_neurons`` fails on batches at one time step; at steps that are not chosen the
features become those of a source of zeros; GRULMHeadModel hands its arguments to the wrong parameters; and its readout is linear.
"""

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import json
import sys
import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyvene
import torch
from pyvene.models import intervenable_base
from pyvene.models.gru.modelings_gru import GRUConfig, GRULMHeadModel
from torch import Tensor, nn

_scatter = intervenable_base.scatter_neurons
_reconcile = pyvene.IntervenableModel._reconcile_stateful_cached_activations


def scatter(output: Tensor, replacing: Tensor, component: str, unit: str, *rest: Any, **named: Any) -> Tensor:
    """Repair 1: a state at one time step is [b, d] and is replaced as a whole, whatever b."""
    if unit != "t":
        return _scatter(output, replacing, component, unit, *rest, **named)
    output.copy_(replacing)
    return output


def reconcile(self: Any, key: str, intervening: Tensor, locations: list[list[int]]) -> Tensor:
    """Repair 2: where a row is not swapped at this time step, its own state is the source, so that the swap changes nothing."""
    version = self._intervention_state[key].setter_version()
    chosen = torch.tensor([version in location for location in locations])
    return torch.where(chosen[:, None], _reconcile(self, key, intervening, locations), intervening)


def forward(self: Any, input_ids: Tensor) -> SimpleNamespace:
    """Repair 3: arguments by name. ``lm_head`` is the network's own readout."""
    return SimpleNamespace(logits=self.lm_head(self.gru(input_ids=input_ids)[0]))


intervenable_base.scatter_neurons = scatter
pyvene.IntervenableModel._reconcile_stateful_cached_activations = reconcile
GRULMHeadModel.forward = forward


def network_of(material: Any) -> GRULMHeadModel:
    """The network with the weights of ours."""
    weight = {name.removeprefix("network."): torch.from_numpy(material[name]) for name in material if "." in name}
    n_tokens, width = weight["embedding.weight"].shape
    config = GRUConfig(include_emb=True, vocab_size=n_tokens, h_dim=width, n_layer=1, max_position_embeddings=1)
    network = GRULMHeadModel(config)
    network.lm_head = nn.Sequential(
        nn.Linear(width, 4 * width), nn.GELU(), nn.Identity(), nn.Linear(4 * width, n_tokens)
    )
    renamed = {
        "x2h.weight": "weight_ih_l0",
        "x2h.bias": "bias_ih_l0",
        "h2h.weight": "weight_hh_l0",
        "h2h.bias": "bias_hh_l0",
    }
    network.gru.cells[0].load_state_dict({theirs: weight["rnn." + ours] for theirs, ours in renamed.items()})
    network.gru.wte.load_state_dict({"weight": weight["embedding.weight"]})
    network.lm_head.load_state_dict(
        {name.removeprefix("head."): own for name, own in weight.items() if name.startswith("head.")}
    )
    return network.eval()


class Search:
    """pyvene's RotatedSpaceIntervention on the state of a GRU, trained with Adam."""

    def __init__(self, material: Any) -> None:
        self.material = {name: material[name] for name in material}
        rotation = torch.from_numpy(material["basis"])
        representation = {"layer": 0, "component": "cell_output", "unit": "t", "max_number_of_units": 1}
        config = pyvene.IntervenableConfig([representation], intervention_types=pyvene.RotatedSpaceIntervention)
        self.model = pyvene.IntervenableModel(config, network_of(material))
        (intervention,) = self.model.interventions.values()
        intervention.set_interchange_dim(int(material["size"]))
        intervention.rotate_layer.weight = rotation
        self.optimiser = torch.optim.Adam(self.model.get_trainable_parameters(), lr=float(material["rate"]))
        self.steps = 0

    def step(self) -> float:
        """One optimiser step on the next batch; inputs are cut to the longest run of the batch."""
        rows = self.material["batches"][self.steps % len(self.material["batches"])]
        at, source_at = self.material["target_steps"][rows], self.material["source_steps"][rows]
        scored = torch.from_numpy(self.material["scored"][rows])
        labels = torch.from_numpy(self.material["labels"][rows])[scored]
        row, column = scored.nonzero().unbind(1)
        position = torch.from_numpy(at)[row] + column
        tokens = torch.from_numpy(self.material["target_tokens"][rows][:, : int(position.max()) + 1])
        source_tokens = torch.from_numpy(self.material["source_tokens"][rows][:, : int(source_at.max()) + 1])
        self.optimiser.zero_grad()
        _, swapped = self.model(
            {"input_ids": tokens},
            [{"input_ids": source_tokens}],
            {"sources->base": ([[[int(t)] for t in source_at]], [[[int(t)] for t in at]])},
        )
        loss = nn.functional.cross_entropy(swapped.logits[row, position], labels)
        loss.backward()
        self.optimiser.step()
        self.steps += 1
        return loss.item()


if __name__ == "__main__":
    torch.set_num_threads(1)
    search = Search(np.load(sys.argv[1], allow_pickle=False))
    for line in sys.stdin:
        started = time.process_time()
        losses = [search.step() for _ in range(int(line))]
        print(json.dumps({"seconds": time.process_time() - started, "losses": losses}), flush=True)
