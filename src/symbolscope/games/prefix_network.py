"""A causal language model on masked texts that begin alike: each distinct prefix is computed once."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from symbolscope.core.wrapped_network import forward_parameters
from symbolscope.errors import SymbolscopeError
from symbolscope.games.prefix_cache import PrefixCache
from symbolscope.games.prefix_plan import PrefixCosts, cheapest_plan, plain_cost
from symbolscope.games.prefix_stage import PackedBlocks, PrefixStage
from symbolscope.games.prefix_tree import PrefixTree, prefix_order
from symbolscope.shapes import Masks

LOGITS_BYTES = 128 << 20
INNER_GROUPS = 4  # groups of tokens that a call holds whose keys and values are needed again

# What the network's forward must take by name, beside its inputs.
_NEEDED = ("attention_mask", "position_ids")
_CACHE = ("cache", "past_key_values")  # its new name, and the one before transformers 5.24


class PrefixNetwork:
    """Next-token outputs of a causal language model on masked texts, every shared prefix computed once.

    The masked texts form a tree of prefixes. It is cut into blocks of neighbouring nodes; the nodes of a block go
    through the network as one sequence, in which each token attends to its own ancestors and has its own position, and
    the keys and values of what lies before the block are copied once per block. So a token of a prefix that r texts
    share is computed once and not r times. Blocks are evaluated depth first, in groups of a bounded number of tokens.

    Packing a tree of continuations into one sequence is the attention of "SpecInfer" (Miao et al., 2024, section 4).

    Parameters
    ----------
    network
        Takes ``input_ids`` or ``inputs_embeds``, ``attention_mask`` [B, 1, q, tokens] (added to the attention scores),
        ``position_ids``, ``cache`` (or ``past_key_values``) and ``use_cache``, and returns ``logits``, as the causal
        language models of Hugging Face do.
    sample, baseline
        Token ids [L] or embeddings [L, D], present and hidden.
    labels
        int64 [L]: the player of each token, -1 for none.
    extras
        What else the network takes per token, [1, L] each.
    dtype
        Of the attention mask.

    Raises
    ------
    SymbolscopeError
        If the network's forward lacks one of these arguments.
    """

    def __init__(
        self,
        network: Callable[..., object],
        sample: torch.Tensor,
        *,
        baseline: torch.Tensor,
        labels: NDArray[np.int64],
        extras: Mapping[str, torch.Tensor],
        dtype: torch.dtype,
    ) -> None:
        taken = forward_parameters(network)
        self._inputs_name = "input_ids" if sample.ndim == 1 else "inputs_embeds"
        self._cache_name = next((name for name in _CACHE if name in taken), _CACHE[-1])
        needed = (self._inputs_name, *_NEEDED, self._cache_name, "use_cache")
        if lacking := [name for name in needed if name not in taken]:
            raise SymbolscopeError(f"its forward takes no {', '.join(lacking)}")
        if "attention_mask" in extras and not bool(extras["attention_mask"].all()):
            raise SymbolscopeError("the tokenizer's attention mask hides tokens")
        self._network = network
        self._tokens = torch.stack([baseline, sample])  # [2, L, ...]: hidden, present
        differs = (sample != baseline).reshape(len(sample), -1).any(dim=1).cpu().numpy()
        self._labels, self._differs = labels, differs
        self._extras = {
            name: values[0].to(sample.device)
            for name, values in extras.items()
            if name in taken and name not in ("attention_mask", "position_ids")
        }
        self._dtype = dtype
        self._keeps_logits = "logits_to_keep" in taken
        config = getattr(network, "config", None)
        width, vocabulary = (getattr(config, name, None) for name in ("hidden_size", "vocab_size"))
        self._costs = PrefixCosts.of(
            width if isinstance(width, int) and width > 0 else 512, on_cpu=sample.device.type == "cpu"
        )
        self._inner_groups = INNER_GROUPS
        if not self._keeps_logits and isinstance(vocabulary, int):  # then every token's logits are made
            fitting = max(1, LOGITS_BYTES // (4 * vocabulary))
            self._costs = replace(self._costs, group=min(self._costs.group, fitting))
            self._inner_groups = 1

    def order(self, masks: Masks) -> NDArray[np.int64]:
        """Order masks bool [m, n] so that batches of neighbours share most: int64 [m]."""
        return prefix_order(masks, self._labels, self._differs)

    def two_cuts(self, masks: Masks) -> tuple[int, ...]:
        """Cuts at the first and the last position at which the prefixes of these masks branch, from 0 to L."""
        n_nodes = PrefixTree.of(masks, self._labels, self._differs).n_nodes
        branching = np.flatnonzero(n_nodes[1:] > n_nodes[:-1]) + 1
        return (0, *sorted({int(at) for at in branching[[0, -1]]} if len(branching) else ()), len(n_nodes))

    def outputs(self, masks: Masks, *, cuts: tuple[int, ...] | None = None) -> torch.Tensor | None:
        """Return the outputs [m, V] at the last position, or None if sharing would not pay on these masks.

        Parameters
        ----------
        masks
            bool [m, n].
        cuts
            Where to cut the tree, from 0 to L; None is where it is cheapest.
        """
        tree = PrefixTree.of(masks, self._labels, self._differs)
        if cuts is None:
            plan = cheapest_plan(tree.n_nodes, self._costs)
            if plan.cost > plain_cost(len(masks), len(self._labels), self._costs):
                return None
            cuts = plan.cuts
        stages = [PrefixStage(tree, a, b) for a, b in itertools.pairwise(cuts)]
        # Where all rows differ, each leaf goes straight to its row.
        n_leaves = int(tree.node[-1, -1]) + 1
        each_its_own = n_leaves == len(masks)
        answers = _Answers(tree.order if each_its_own else np.arange(n_leaves))
        self._evaluate(stages, np.zeros(1, dtype=np.int64), None, answers)
        assert answers.outputs is not None
        if each_its_own:
            return answers.outputs
        leaf_of_row = np.empty(len(masks), dtype=np.int64)
        leaf_of_row[tree.order] = tree.node[-1]
        return answers.outputs.index_select(0, torch.from_numpy(leaf_of_row).to(answers.outputs.device))

    def _evaluate(
        self,
        stages: Sequence[PrefixStage],
        parents: NDArray[np.int64],
        before: "_Computed | None",
        answers: "_Answers",
    ) -> None:
        """Evaluate the blocks of these parents and all that continues them."""
        stage, *later = stages
        # Blocks of a later stage fill their groups better when more of them are at hand.
        group = self._costs.group * (self._inner_groups if later else 1)
        for packed in stage.groups(parents, tokens=group):
            cache = before.continued_by(packed.parents) if before is not None else PrefixCache() if later else None
            logits = self._call(stage, packed, cache, last=not later)
            nodes, block, slots = stage.paths(packed)
            if later:
                assert cache is not None
                if not cache.n_layers:
                    raise SymbolscopeError("it does not write to the cache it is given")
                self._evaluate(later, nodes, _Computed(cache, len(packed.parents), nodes, block, slots), answers)
            else:
                ends = packed.slot[packed.position == stage.stop - 1] - (packed.n_slots - logits.shape[1])
                answers.put(nodes, logits, block * logits.shape[1] + ends)

    def _call(self, stage: PrefixStage, packed: PackedBlocks, cache: PrefixCache | None, *, last: bool) -> torch.Tensor:
        """Call the network on some blocks: its logits [B, k, V] at the last slots."""
        device = self._tokens.device
        shape = packed.allowed.shape[:2]
        position = np.zeros(shape, dtype=np.int64)  # padding repeats the first token
        position[packed.block, packed.slot] = packed.position
        present = np.zeros(shape, dtype=np.int64)
        present[packed.block, packed.slot] = stage.tree.present[packed.row, packed.position]
        positions = torch.from_numpy(position).to(device)  # [B, q]
        inputs: dict[str, object] = {name: values[positions] for name, values in self._extras.items()}
        inputs[self._inputs_name] = self._tokens[torch.from_numpy(present).to(device), positions]
        inputs["position_ids"] = positions
        barred = torch.from_numpy(~packed.allowed).to(device)[:, None]  # [B, 1, q, a + q]
        attention = torch.zeros(barred.shape, dtype=self._dtype, device=device)
        inputs["attention_mask"] = attention.masked_fill_(barred, torch.finfo(self._dtype).min)
        if self._keeps_logits:
            inputs["logits_to_keep"] = packed.n_leaves if last else 1
        inputs[self._cache_name] = cache
        output = self._network(**inputs, use_cache=cache is not None)
        logits = getattr(output, "logits", None)
        if not isinstance(logits, torch.Tensor) or logits.ndim != 3:
            raise SymbolscopeError("it returns no logits [m, L, V]")
        return logits


class _Answers:
    """Outputs of the leaves, put where they belong as they come.

    Parameters
    ----------
    rows
        int64 [n_leaves]: the row of each leaf.
    """

    def __init__(self, rows: NDArray[np.int64]) -> None:
        self._rows = rows
        self.outputs: torch.Tensor | None = None

    def put(self, leaves: NDArray[np.int64], logits: torch.Tensor, places: NDArray[np.int64]) -> None:
        """Take the outputs of some leaves out of logits [B, k, V], given their places among the B k."""
        if self.outputs is None:
            self.outputs = logits.new_empty(len(self._rows), logits.shape[2])
        found = logits.flatten(0, 1)[torch.from_numpy(places).to(logits.device)]
        self.outputs[torch.from_numpy(self._rows[leaves]).to(logits.device)] = found


class _Computed:
    """A stage's keys and values, found again for the blocks that continue it.

    Parameters
    ----------
    cache
        Where they are.
    n_blocks
        Number of blocks in it.
    nodes, block, slots
        As :meth:`PrefixStage.paths` returns them.
    """

    def __init__(
        self,
        cache: PrefixCache,
        n_blocks: int,
        nodes: NDArray[np.int64],
        block: NDArray[np.int64],
        slots: NDArray[np.int64],
    ) -> None:
        self._cache = cache
        by_node = np.argsort(nodes)
        self._nodes = nodes[by_node]
        self._places = (slots * n_blocks + block[:, None])[by_node].T  # [a, k]

    def continued_by(self, parents: NDArray[np.int64]) -> PrefixCache:
        """Give the prefixes that end at these nodes to one block each."""
        places = self._places[:, np.searchsorted(self._nodes, parents)]  # [a, B]
        return PrefixCache(self._cache, torch.from_numpy(np.ascontiguousarray(places)).to(self._cache.device))
