"""A good call of every public function, class and method: what the fuzzer starts from. A new public name is one line here.

Everything is tiny (three players, states of four numbers, two steps): a call takes milliseconds. Networks that a call trains are
made anew for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch

import symbolscope as sy
from symbolscope.evidence.nulls.random_init import RandomInit
from symbolscope.evidence.nulls.shuffled_labels import ShuffledLabels
from symbolscope.sites import CellState, Input, NetworkState, Output, RecurrentState


@dataclass(frozen=True)
class GoodCall:
    """A function and arguments that suit it."""

    name: str
    function: Callable[..., Any]
    keywords: Mapping[str, Any]
    positional: tuple[Any, ...] = ()


SMALL = {"steps": 2, "batch": 8, "n_pairs": 16, "n_validation": 8, "force": True, "progress": False}
VALUES = np.array([0.0, 1.0, 0.5, 2.0, -1.0, 0.3, 0.7, 3.0])


def of_masks(masks):
    return masks[:, 0] * 1.0 + masks[:, 1] * masks[:, 2]


class Cells(torch.nn.Module):
    """A recurrent cell, called once per step."""

    def __init__(self):
        super().__init__()
        self.cell = torch.nn.GRUCell(3, 4)

    def forward(self, x):
        state, outputs = None, []
        for t in range(x.shape[1]):
            state = self.cell(x[:, t], state)
            outputs.append(state)
        return torch.stack(outputs, dim=1)


class Layer(torch.nn.Module):
    """A recurrent layer of torch."""

    def __init__(self):
        super().__init__()
        self.rnn = torch.nn.GRU(3, 4, batch_first=True)

    def forward(self, x):
        return self.rnn(x)[0]


class Material:
    """What good calls are made of, built once."""

    @cached_property
    def generator(self):
        return np.random.default_rng(0)

    @cached_property
    def network(self):
        return sy.networks.MLP(3, 2, widths=(4,))

    @cached_property
    def game(self):
        return sy.Game.from_function(of_masks, 3)

    @cached_property
    def network_game(self):
        return sy.Game(self.network, np.ones(3), target=1)

    @cached_property
    def model(self):
        return sy.decompose(VALUES)

    @cached_property
    def explained(self):
        return sy.explain(self.network_game, progress=False)

    @cached_property
    def causal(self):
        return sy.causal_graph(self.model, progress=False)

    @cached_property
    def and_or(self):
        return self.model.graph()

    @cached_property
    def players(self):
        return sy.Players.columns(3)

    @cached_property
    def hierarchy(self):
        return sy.explain_hierarchy(self.game, [["x0", "x1"], ["x2"]], progress=False)

    @cached_property
    def explanations(self):
        return sy.explain_many(self.network, np.ones((2, 3)), target=1, progress=False)

    @cached_property
    def faithfulness(self):
        return sy.assess(self.model, progress=False)

    @cached_property
    def report(self):
        return sy.check_emergence(self.game, progress=False)

    @cached_property
    def task(self):
        return sy.tasks.MultiObject(max_count=3)

    @cached_property
    def program(self):
        return sy.programs.UpDown(self.task)

    @cached_property
    def gru(self):
        return sy.networks.GRU(self.task.vocabulary, width=4)

    @cached_property
    def trials(self):
        return self.task.sample(4, seed=0)

    @cached_property
    def tokens(self):
        return torch.from_numpy(self.trials.tokens)

    @cached_property
    def alignment(self):
        return sy.align(self.gru, self.program, self.task, featurizer=sy.featurizers.Linear(size=1), **SMALL)

    @cached_property
    def pairs(self):
        return self.alignment.pairs(n=4)

    @cached_property
    def states(self):
        return torch.from_numpy(self.generator.normal(size=(20, 4)).astype(np.float32))

    @cached_property
    def featurizer(self):
        return sy.featurizers.Linear(size=2).initialise(4, seed=0)

    @cached_property
    def classification(self):
        return sy.tasks.TwoConjunctions()

    @cached_property
    def causal_model(self):
        return sy.programs.CausalModel({"c": (("a", "b"), np.add)})

    @cached_property
    def planted(self):
        return sy.networks.Planted([[True, True, False]], ["and"], [1.0])

    @cached_property
    def harsanyi(self):
        return sy.networks.Harsanyi(3, widths=(4, 4))

    @cached_property
    def transformer(self):
        return sy.networks.Transformer(self.task.vocabulary, width=4)

    @cached_property
    def inputs(self):
        return torch.from_numpy(self.generator.normal(size=(2, 5, 3)).astype(np.float32))


def good_calls(material: Material) -> list[GoodCall]:
    """One call per public name at least."""
    return [
        *_of_games(material),
        *_of_interactions(material),
        *_of_emergence(material),
        *_of_states(material),
        *_of_tasks(material),
    ]


def _of_games(m: Material) -> list[GoodCall]:
    masks, image = sy.all_masks(3), np.arange(48.0).reshape(3, 4, 4)
    silent = {"progress": False}
    return [
        GoodCall("Game", sy.Game, {"network": m.network, "sample": np.ones(3), "baseline": "zero", "target": 1}),
        GoodCall(
            "Game", sy.Game, {"network": m.network, "sample": [1.0, 2.0, 3.0], "baseline": 0.5, "score": "probability"}
        ),
        GoodCall("Game.__call__", m.network_game, {"masks": masks}),
        GoodCall(
            "Game.from_function",
            sy.Game.from_function,
            {"fn": of_masks, "n_players": 3, "player_names": ["a", "b", "c"]},
        ),
        GoodCall("Game.with_network", m.network_game.with_network, {"network": m.network}),
        GoodCall("Game.with_baseline", m.network_game.with_baseline, {"baseline": [0.5, 0.5, 0.5]}),
        GoodCall("Players", sy.Players, {"names": ("a", "b"), "labels": np.array([0, 1, 1])}),
        GoodCall("Players.columns", sy.Players.columns, {"names": ["a", "b", "c"], "groups": {"g": ["a", "c"]}}),
        GoodCall("Players.columns", sy.Players.columns, {"names": 3}),
        GoodCall("Players.grid", sy.Players.grid, {"shape": (3, 4, 4), "rows": 2, "cols": 2}),
        GoodCall("Players.groups", sy.Players.groups, {"shape": (4,), "groups": [[0, 1], [3]], "names": ["a", "b"]}),
        GoodCall("Players.segments", sy.Players.segments, {"labels": np.array([7, 7, -1, 2])}),
        GoodCall("Players.renamed", m.players.renamed, {"names": ["a", "b", "c"]}),
        GoodCall("all_masks", sy.all_masks, {"n_players": 3}),
        GoodCall("evaluate", sy.evaluate, {"game": m.game, "masks": masks, "batch_size": 4, **silent}),
        GoodCall("baselines.mean_baseline", sy.baselines.mean_baseline, {"reference_set": np.ones((4, 3))}),
        GoodCall("baselines.blur", sy.baselines.blur, {"image": image, "sigma": 1.0}),
        GoodCall("baselines.center", sy.baselines.center, {"points": np.ones((5, 3))}),
        GoodCall("executors.Local", sy.executors.Local, {"threads": 1}),
        GoodCall("executors.Processes", sy.executors.Processes, {"workers": 2, "retries": 1, "timeout": 10.0}),
        GoodCall(
            "executors.Ray", sy.executors.Ray, {"workers": 2, "retries": 1, "timeout": 10.0, "gpus_per_task": 0.5}
        ),
        GoodCall("RunFile.open", _opened_and_closed, {"path": "run.sqlite"}),
    ]


def _opened_and_closed(path):
    with sy.RunFile.open(path) as file:
        assert file is not None


def _of_interactions(m: Material) -> list[GoodCall]:
    masks, silent = sy.all_masks(3), {"progress": False}
    wide = sy.Game.from_function(lambda masks: masks[:, 0] * 2.0, 12)
    return [
        *(GoodCall(name, getattr(sy, name), {"values": VALUES}) for name in ("mobius", "or_mobius")),
        *(GoodCall(name, getattr(sy, name), {"effects": VALUES}) for name in ("inverse_mobius", "inverse_or_mobius")),
        GoodCall(
            "decompose",
            sy.decompose,
            {"values": VALUES, "tolerance": "4%", "gap": 1e-2, "player_names": ["a", "b", "c"], **silent},
        ),
        GoodCall("decompose", sy.decompose, {"values": np.stack([VALUES, VALUES]), "kinds": "and", **silent}),
        GoodCall(
            "explain",
            sy.explain,
            {"game": m.game, "tolerance": 0.1, "max_calls": 100, "method": "exact", "seed": 1, **silent},
        ),
        GoodCall(
            "explain", sy.explain, {"game": wide, "max_calls": 200, "method": "sparse", "sampling": "size", **silent}
        ),
        GoodCall(
            "explain_many", sy.explain_many, {"network": m.network, "samples": np.ones((2, 3)), "target": 1, **silent}
        ),
        GoodCall(
            "explain_hierarchy",
            sy.explain_hierarchy,
            {"game": m.game, "groups": [["x0", "x1"], ["x2"]], "most_opened": 1, **silent},
        ),
        GoodCall(
            "learn_baseline",
            sy.learn_baseline,
            {"games": m.network_game, "spread": 1.0, "steps": 2, "radius": 0.1, **silent},
        ),
        GoodCall(
            "causal_graph",
            sy.causal_graph,
            {"model": m.model, "r2": 0.9, "max_interactions": 7, "refit": True, **silent},
        ),
        GoodCall("CausalGraph.predict", m.causal.predict, {"masks": masks}),
        GoodCall("CausalGraph.graph", m.causal.graph, {"kappa": 1.0}),
        GoodCall("AndOrGraph.from_interactions", sy.AndOrGraph.from_interactions, {"model": m.model, "kappa": 1.0}),
        GoodCall("AndOrGraph.predict", m.and_or.predict, {"masks": masks}),
        GoodCall("AndOrGraph.active", m.and_or.active, {"mask": masks[3]}),
        GoodCall("AndOrGraph.fitted_r2", m.and_or.fitted_r2, {"k": 2}),
        GoodCall("AndOrGraph.refit", m.explained.graph().refit, {"network": m.network}),
        GoodCall("AndOrGraph.asked_with", m.explained.graph().asked_with, {"batch_size": 4}),
        GoodCall("AndOrGraph.to_graphml", m.and_or.to_graphml, {"path": "graph.graphml"}),
        GoodCall("InteractionModel.alternatives", m.model.alternatives, {"threshold": 0.05}),
        GoodCall("InteractionModel.asked_with", m.explained.asked_with, {"batch_size": 4}),
        GoodCall("InteractionModel.find", m.model.find, {}, ("x0", 1)),
        GoodCall("InteractionModel.fitted_r2", m.model.fitted_r2, {"k": 2}),
        GoodCall("InteractionModel.graph", m.model.graph, {"kappa": 1.0}),
        GoodCall("InteractionModel.label", m.model.label, {"row": 0}),
        GoodCall("InteractionModel.load", _saved_and_loaded(m.model), {"path": "model.safetensors"}),
        GoodCall("InteractionModel.predict", m.model.predict, {"masks": masks}),
        GoodCall("InteractionModel.refit", m.explained.refit, {"network": m.network}),
        GoodCall("InteractionModel.restrict", m.model.restrict, {"selection": [0, 2]}),
        GoodCall("InteractionModel.salient", m.model.salient, {"threshold": 0.05}),
        GoodCall("InteractionModel.save", m.model.save, {"path": "model.safetensors"}),
        GoodCall("InteractionModel.shapley_interactions", m.model.shapley_interactions, {"order": 2, "index": "SII"}),
        GoodCall("InteractionModel.strength_by_order", m.model.strength_by_order, {"kind": "and"}),
        GoodCall("InteractionModel.to_text", m.model.to_text, {"k": 2}),
        GoodCall("InteractionModel.top", m.model.top, {"k": 2}),
        GoodCall("Hierarchy.to_text", m.hierarchy.to_text, {"k": 2}),
        GoodCall("Explanations.__getitem__", m.explanations.__getitem__, {"sample": 0}),
        GoodCall("Explanations.to_parquet", m.explanations.to_parquet, {"path": "all.parquet"}),
        GoodCall(
            "write_report", sy.write_report, {"path": "page.html", "items": m.model, "title": "Page", "nulls": False}
        ),
        GoodCall("write_report", sy.write_report, {"path": "page.html", "items": [m.report], "evidence": []}),
    ]


def _saved_and_loaded(model):
    def load(path):
        model.save("model.safetensors")
        return sy.InteractionModel.load(path)

    return load


def _of_emergence(m: Material) -> list[GoodCall]:
    two, silent = [m.model, m.model], {"progress": False}
    return [
        GoodCall(
            "check_emergence",
            sy.check_emergence,
            {"values_or_game": m.game, "max_order": 2, "threshold": 0.1, "xi": 0.0, "seed": 1, **silent},
        ),
        GoodCall(
            "check_emergence", sy.check_emergence, {"values_or_game": VALUES, "monotone_tolerance": 0.1, **silent}
        ),
        GoodCall(
            "emergence_over",
            sy.emergence_over,
            {"values_or_games": [m.game, m.game], "names": ["a", "b"], "seed": 1, **silent},
        ),
        GoodCall("summarise_emergence", sy.summarise_emergence, {"reports": [m.report], "names": ["a"]}),
        GoodCall(
            "jaccard", sy.jaccard, {"model": m.model, "other": m.model, "normalised": True, "restarts": 2, "seed": 1}
        ),
        GoodCall(
            "intersection_over_union",
            sy.intersection_over_union,
            {"model": m.model, "truth": [("and", ("x0", "x1"))], "restarts": 2},
        ),
        GoodCall("transferability", sy.transferability, {"models": two, "threshold": 0.1, "restarts": 2, "seed": 1}),
        GoodCall(
            "transferability",
            sy.transferability,
            {"models": two, "others": two, "thresholds": [0.1, 0.5], "other_threshold": 0.1, "restarts": 2},
        ),
        GoodCall(
            "discrimination", sy.discrimination, {"models": two, "threshold": 0.1, "bins": (0.0, 0.5, 1.0), "seed": 1}
        ),
        GoodCall(
            "generalizable_interactions",
            sy.generalizable_interactions,
            {"games": [m.game, m.game], "alpha": 0.1, "gap": 0.01, **silent},
        ),
        GoodCall("strength_by_order_and_sign", sy.strength_by_order_and_sign, {"model": m.model}),
        GoodCall("audit", sy.audit, {"model": m.model, "tags": {"x0": "forbidden"}}),
        GoodCall(
            "interaction_dynamics",
            sy.interaction_dynamics,
            {
                "checkpoints": [(0, m.network), (1, sy.networks.MLP(3, 2, widths=(4,)))],
                "games": [m.network_game],
                "losses": {0: (1.0, 2.0)},
                "threshold": 0.1,
                **silent,
            },
        ),
        GoodCall(
            "InteractionRecorder",
            sy.InteractionRecorder,
            {"games": [m.network_game], "every": 2, "kinds": "and", "threshold": 0.1},
        ),
        GoodCall(
            "InteractionRecorder.__call__",
            _recorded(m.network_game),
            {"network": m.network, "step": 3, "train_loss": 0.1},
        ),
        GoodCall(
            "assess",
            sy.assess,
            {"reading": m.model, "nulls": ["permuted-outputs"], "restarts": 1, "n": 8, "seed": 1, **silent},
        ),
        GoodCall(
            "assess", sy.assess, {"reading": m.alignment, "nulls": ["random-init"], "restarts": 1, "n": 8, **silent}
        ),
        GoodCall("assess_many", sy.assess_many, {"readings": [m.model], "nulls": [], **silent}),
        GoodCall("evidence.redrawn", sy.evidence.redrawn, {"network": m.network, "seed": 1}),
        GoodCall(
            "evidence.divergence",
            sy.evidence.divergence,
            {"patched": m.states, "natural": m.states + 1, "seed": 1, "n_neighbours": 2, "most": 10},
        ),
        GoodCall("evidence.RandomInit.variation", RandomInit().variation, {"reading": m.explained, "seed": 1}),
        GoodCall("evidence.ShuffledLabels", ShuffledLabels, {"train": of_masks, "steps": 2}),
    ]


def _recorded(game):
    def record(**keywords):
        return sy.InteractionRecorder([game])(**keywords)

    return record


def _of_states(m: Material) -> list[GoodCall]:
    linear = sy.featurizers.Linear(size=1)
    of_network = {"network": m.gru, "program": m.program, "task": m.task}
    cells, layer, rnn_state = Cells(), Layer(), NetworkState()
    continuation = rnn_state.continuation(m.gru, m.tokens, 1)
    return [
        GoodCall(
            "align",
            sy.align,
            {**of_network, "featurizer": linear, "variable": "count", "seed": 1, "rate": 0.01, **SMALL},
        ),
        GoodCall(
            "align_many",
            sy.align_many,
            {**of_network, "featurizers": [linear], "variables": ["count"], "counts": [1, 2], **SMALL},
        ),
        GoodCall(
            "align_models",
            sy.align_models,
            {"networks": [m.gru, m.gru], "program": m.program, "task": m.task, "featurizer": linear, **SMALL},
        ),
        GoodCall(
            "counterfactual_pairs",
            sy.counterfactual_pairs,
            {**of_network, "variable": "count", "n": 8, "counts": [1, 2], "seed": 1},
        ),
        GoodCall("markov_test", sy.markov_test, {"network": m.gru, "task": m.task, "n": 32, "seed": 1}),
        GoodCall("Alignment.iia", m.alignment.iia, {"n": 4, "variable": "count", "counts": [1, 2], "seed": 1}),
        GoodCall("Alignment.iia", m.alignment.iia, {"pairs": m.pairs}),
        GoodCall("Alignment.pairs", m.alignment.pairs, {"n": 4, "counts": [1, 2]}),
        GoodCall("Alignment.predict", m.alignment.predict, {"pairs": m.pairs}),
        GoodCall("Alignment.rest", m.alignment.rest, {"pairs": m.pairs}),
        GoodCall("Alignment.states", m.alignment.states, {"pairs": m.pairs}),
        GoodCall("Alignment.swap", m.alignment.swap, {"target": m.states, "source": m.states, "variable": "count"}),
        GoodCall("Alignment.refit", m.alignment.refit, {"network": m.gru, "seed": 1}),
        GoodCall(
            "Alignment.retrain", _retrained(m), {"only_readout": True, "shuffled_labels": False, "steps": 1, "seed": 1}
        ),
        GoodCall("Alignment.save", m.alignment.save, {"path": "alignment.safetensors"}),
        GoodCall("Alignment.load", _alignment_loaded(m.alignment), {"path": "alignment.safetensors", **of_network}),
        GoodCall(
            "study_counting",
            sy.study_counting,
            {
                **of_network,
                "variables": ["count"],
                "featurizers": [linear],
                "steps": 2,
                "n_pairs": 16,
                "n_test": 8,
                "nulls": [],
                "force": True,
                "progress": False,
            },
        ),
        GoodCall("sites.find_site", sy.sites.find_site, {"network": m.gru}),
        GoodCall("sites.NetworkState.read", rnn_state.read, {"network": m.gru, "inputs": m.tokens, "steps": 1}),
        GoodCall(
            "sites.NetworkState.observe",
            rnn_state.observe,
            {"network": m.gru, "inputs": m.tokens, "steps": torch.tensor([0, 1, 1, 2])},
        ),
        GoodCall(
            "sites.NetworkState.run",
            rnn_state.run,
            {"network": m.gru, "inputs": m.tokens, "steps": 1, "states": torch.zeros(4, 4)},
        ),
        GoodCall("sites.NetworkState.width", rnn_state.width, {"network": m.gru}),
        GoodCall(
            "sites.NetworkState.continuation",
            rnn_state.continuation,
            {"network": m.gru, "inputs": m.tokens, "steps": 1, "lengths": torch.tensor([3, 3, 3, 3])},
        ),
        GoodCall(
            "sites.Continuation.logits",
            continuation.logits,
            {"rows": torch.tensor([0, 2]), "states": torch.zeros(2, 4)},
        ),
        GoodCall(
            "sites.Continuation.logits_at",
            continuation.logits_at,
            {"rows": torch.tensor([0, 2]), "states": torch.zeros(2, 4), "where": torch.ones(2, 1, dtype=torch.bool)},
        ),
        GoodCall(
            "sites.Continuation.concatenate", sy.sites.Continuation.concatenate, {"parts": [continuation, continuation]}
        ),
        GoodCall("sites.CellState", CellState, {"path": "cell"}),
        GoodCall("sites.CellState.read", CellState("cell").read, {"network": cells, "inputs": m.inputs, "steps": 2}),
        GoodCall(
            "sites.CellState.run",
            CellState("cell").run,
            {"network": cells, "inputs": m.inputs, "steps": 2, "states": torch.zeros(2, 4)},
        ),
        GoodCall("sites.RecurrentState", RecurrentState, {"path": "rnn", "layer": 0, "call": 0}),
        GoodCall(
            "sites.RecurrentState.read", RecurrentState("rnn").read, {"network": layer, "inputs": m.inputs, "steps": 2}
        ),
        GoodCall(
            "sites.RecurrentState.run",
            RecurrentState("rnn").run,
            {"network": layer, "inputs": m.inputs, "steps": 2, "states": torch.zeros(2, 4)},
        ),
        GoodCall(
            "sites.RecurrentState.continuation",
            RecurrentState("rnn").continuation,
            {"network": layer, "inputs": m.inputs, "steps": 2},
        ),
        GoodCall("sites.Output", Output, {"path": "rnn", "call": 0}),
        GoodCall(
            "sites.Output.read", Output("hidden.0").read, {"network": _two_layers(), "inputs": m.inputs, "steps": 2}
        ),
        GoodCall(
            "sites.Output.run",
            Output("hidden.0").run,
            {"network": _two_layers(), "inputs": m.inputs, "steps": 2, "states": torch.zeros(2, 4)},
        ),
        GoodCall("sites.Input", Input, {"path": "rnn", "call": 0}),
        GoodCall(
            "sites.Input.read", Input("hidden.1").read, {"network": _two_layers(), "inputs": m.inputs, "steps": 2}
        ),
        *(call for name in sorted(sy.featurizers.registry) for call in _of_featurizer(m, name)),
        GoodCall(
            "featurizers.from_configuration",
            sy.featurizers.from_configuration,
            {"name": "Linear", "configuration": {"size": 1}, "width": 4},
        ),
    ]


def _two_layers():
    network = torch.nn.Module()
    network.hidden = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh())
    network.forward = network.hidden.forward
    return network


def _retrained(m):
    def retrain(**keywords):
        network = sy.networks.GRU(m.task.vocabulary, width=4)
        m.alignment.retrain(network, **keywords)

    return retrain


def _alignment_loaded(alignment):
    def load(path, **keywords):
        alignment.save("alignment.safetensors")
        return sy.Alignment.load(path, **keywords)

    return load


FEATURIZERS = {
    "Boundless": {"size": 2, "temperatures": (2.0, 0.1), "weight": 1.0},
    "Onion": {"size": 2, "symbols": 3},
    "ReferenceLinear": {"size": 2, "ridge": 0.1},
    "RevNet": {"size": 2, "blocks": 1, "hidden": 4},
    "SAE": {"size": 2, "latents": 8, "active": 2, "steps": 2},
}


def _of_featurizer(m: Material, name: str) -> list[GoodCall]:
    made, keywords = sy.featurizers.registry[name], FEATURIZERS.get(name, {"size": 2})
    ready = made(**keywords).initialise(4, seed=0, states=m.states)
    features, error = ready(m.states)
    return [
        GoodCall(f"featurizers.{name}", made, keywords),
        GoodCall(
            f"featurizers.{name}.initialise", made(**keywords).initialise, {"width": 4, "seed": 1, "states": m.states}
        ),
        GoodCall(f"featurizers.{name}.blank", made(**keywords).blank, {"width": 4}),
        GoodCall(f"featurizers.{name}.__call__", ready, {"states": m.states}),
        GoodCall(
            f"featurizers.{name}.inverse", ready.inverse, {"features": features.detach(), "error": error.detach()}
        ),
        GoodCall(f"featurizers.{name}.swap", ready.swap, {"target": m.states, "source": m.states.flip(0), "block": 0}),
        GoodCall(f"featurizers.{name}.anneal", ready.anneal, {"progress": 0.5}),
    ]


def _of_tasks(m: Material) -> list[GoodCall]:
    vocabulary, silent = m.task.vocabulary, {"progress": False}
    values = m.classification.draw(4, np.random.default_rng(0))
    sequence = {"vocabulary": vocabulary, "width": 4, "dropout": 0.1, "seed": 1}
    causal = m.causal_model
    base = {"a": np.array([1, 2]), "b": np.array([3, 4])}
    state = m.program.init(np.array([1, 2]))
    numbered = {"max_count": 3, "held_out": (2,), "void_probability": 0.1}
    return [
        *(
            GoodCall(f"tasks.{name}", getattr(sy.tasks, name), numbered)
            for name in ("MultiObject", "SingleObject", "SameObject", "Mod", "Round", "Square")
        ),
        GoodCall("tasks.Arithmetic", sy.tasks.Arithmetic, {"max_operations": 2, "held_out": (1,)}),
        GoodCall("tasks.Arithmetic.number", sy.tasks.Arithmetic(max_operations=2).number, {"values": np.array([1, 2])}),
        GoodCall("tasks.HierarchicalEquality", sy.tasks.HierarchicalEquality, {"size": 2}),
        GoodCall("tasks.ShuffledAnswers", sy.tasks.ShuffledAnswers, {"task": m.task}),
        GoodCall("tasks.Vocabulary", sy.tasks.Vocabulary, {"tokens": ("A", "B")}),
        GoodCall("tasks.Vocabulary.decode", vocabulary.decode, {"ids": [1, 2]}),
        GoodCall("tasks.Vocabulary.encode", vocabulary.encode, {"tokens": ["B", "T"]}),
        GoodCall("tasks.Vocabulary.index", vocabulary.index, {"token": "B"}),
        GoodCall("tasks.Task.sample", m.task.sample, {"n_trials": 4, "seed": 1, "counts": [1, 2]}),
        GoodCall(
            "tasks.Task.write", m.task.write, {"quantities": np.array([1, 2]), "generator": np.random.default_rng(0)}
        ),
        GoodCall("tasks.NumberTask.answer", sy.tasks.Mod(max_count=3).answer, {"quantities": np.array([1, 2])}),
        GoodCall("tasks.Trials.correct", m.trials.correct, {"predictions": m.trials.tokens[:, 1:]}),
        GoodCall("tasks.Trials.subset", m.trials.subset, {"rows": np.array([0, 2])}),
        GoodCall("tasks.Classification.sample", m.classification.sample, {"n": 4, "seed": 1}),
        GoodCall("tasks.Classification.draw", m.classification.draw, {"n": 4, "generator": np.random.default_rng(0)}),
        GoodCall("tasks.Classification.inputs", m.classification.inputs, {"values": values}),
        GoodCall("tasks.Classification.classes", m.classification.classes, {"values": values}),
        GoodCall(
            "tasks.Classification.sources",
            m.classification.sources,
            {"values": values, "generator": np.random.default_rng(0)},
        ),
        *(
            GoodCall(f"programs.{name}", getattr(sy.programs, name), {"task": m.task})
            for name in ("UpDown", "UpUp", "CtxDistr", "CountUpIncr", "IncrementUpUp")
        ),
        GoodCall("programs.RunningTotal", sy.programs.RunningTotal, {"task": sy.tasks.Arithmetic(max_operations=2)}),
        GoodCall("programs.Variable", sy.programs.Variable, {"name": "count", "values": (0, 1)}),
        GoodCall(
            "programs.CausalModel",
            sy.programs.CausalModel,
            {"mechanisms": {"c": (("a", "b"), np.add)}, "inputs": ["a", "b"], "answer": "c"},
        ),
        GoodCall("programs.CausalModel.run", causal.run, {"inputs": base}),
        GoodCall(
            "programs.CausalModel.run_interchange", causal.run_interchange, {"base": base, "sources": {"a": base}}
        ),
        GoodCall("programs.scrambled", sy.programs.scrambled, {"program": m.program}),
        GoodCall("programs.Program.check", m.program.check, {"n_trials": 4, "seed": 1}),
        GoodCall(
            "programs.Program.trace", m.program.trace, {"tokens": m.trials.tokens, "quantities": m.trials.quantities}
        ),
        GoodCall("programs.Program.init", m.program.init, {"quantities": np.array([1, 2])}),
        GoodCall("programs.Program.update", m.program.update, {"state": state, "tokens": np.array([2, 3])}),
        GoodCall("programs.Program.emit", m.program.emit, {"state": state, "generator": np.random.default_rng(0)}),
        GoodCall(
            "programs.Program.finish",
            m.program.finish,
            {"state": state, "generator": np.random.default_rng(0), "max_steps": 20},
        ),
        GoodCall("programs.Program.assign", m.program.assign, {"state": state, "values": {"count": np.array([1, 1])}}),
        GoodCall("networks.GRU", sy.networks.GRU, sequence),
        GoodCall("networks.LSTM", sy.networks.LSTM, sequence),
        GoodCall(
            "networks.Transformer",
            sy.networks.Transformer,
            {**sequence, "n_blocks": 1, "n_heads": 2, "positions": "nope", "window": 2},
        ),
        GoodCall("networks.Transformer.windowed", m.transformer.windowed, {"window": 2}),
        GoodCall("networks.Transformer.attention", m.transformer.attention, {"tokens": m.tokens}),
        GoodCall("networks.MLP", sy.networks.MLP, {"n_inputs": 3, "n_outputs": 2, "widths": (4,), "seed": 1}),
        GoodCall(
            "networks.ResMLP", sy.networks.ResMLP, {"n_inputs": 3, "n_outputs": 2, "width": 4, "depth": 1, "seed": 1}
        ),
        GoodCall(
            "networks.Harsanyi",
            sy.networks.Harsanyi,
            {"n_inputs": 3, "widths": (4, 4), "n_children": 2, "n_outputs": 1, "gamma": 100.0, "seed": 1},
        ),
        GoodCall("networks.Harsanyi.interactions", m.harsanyi.interactions, {"sample": np.ones(3)}),
        GoodCall(
            "networks.Planted",
            sy.networks.Planted,
            {"masks": [[True, True, False]], "kinds": ["and"], "effects": [1.0], "intercept": 0.5},
        ),
        GoodCall(
            "networks.Planted.random",
            sy.networks.Planted.random,
            {"n_inputs": 5, "n_and": 2, "n_or": 2, "largest_order": 2, "seed": 1},
        ),
        GoodCall("networks.Skewed", sy.networks.Skewed, {"network": m.gru, "matrix": 1}),
        GoodCall("networks.Toy1d", sy.networks.Toy1d, {"task": m.task, "width": 3, "scale": 1.0}),
        GoodCall("networks.Toy2d", sy.networks.Toy2d, {"task": m.task, "width": 3, "scale": 1.0}),
        GoodCall("networks.ToyOrthogonal", sy.networks.ToyOrthogonal, {"task": m.task, "width": 7, "seed": 1}),
        GoodCall("networks.ToyRotation", sy.networks.ToyRotation, {"task": m.task, "width": 3}),
        GoodCall("networks.RecurrentNetwork.initial_state", m.gru.initial_state, {"n": 2}),
        GoodCall(
            "networks.trial_accuracy",
            sy.networks.trial_accuracy,
            {"network": m.gru, "task": m.task, "n_trials": 4, "counts": [1, 2], "seed": 1},
        ),
        GoodCall(
            "networks.train_classifier",
            _trained(sy.networks.train_classifier, lambda: sy.networks.MLP(m.classification.width, 2, widths=(4,))),
            {
                "task": m.classification,
                "steps": 2,
                "batch": 4,
                "rate": 0.01,
                "stop_accuracy": 0.9,
                "shuffled_labels": False,
                "seed": 1,
                **silent,
            },
        ),
        GoodCall(
            "networks.class_accuracy",
            sy.networks.class_accuracy,
            {
                "network": sy.networks.MLP(m.classification.width, 2, widths=(4,)),
                "task": m.classification,
                "n": 8,
                "seed": 1,
            },
        ),
        GoodCall(
            "train",
            _trained(sy.train, lambda: sy.networks.GRU(vocabulary, width=4)),
            {
                "task": m.task,
                "steps": 2,
                "batch": 4,
                "rate": 0.01,
                "warm_up": 1,
                "decay": 0.5,
                "mode": "teacher-forced",
                "loss": "all",
                "n_fixed": 8,
                "stop_accuracy": 0.9,
                "check_every": 1,
                "n_check": 8,
                "seed": 1,
                "snapshots": False,
                **silent,
            },
        ),
    ]


def _trained(function, network):
    def train(**keywords):
        return function(network(), **keywords)

    return train
