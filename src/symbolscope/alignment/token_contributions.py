"""What each kind of token contributes, through attention, to the decision to respond once more."""

from dataclasses import dataclass

import numpy as np
import torch

from symbolscope.core.gradient_mode import gradients
from symbolscope.core.random_streams import stream
from symbolscope.networks.transformer import Block, Transformer
from symbolscope.tasks.number_task import NumberTask


@dataclass(frozen=True)
class Contribution:
    """Mean contribution of one kind of token in one block to the logit of a response minus that of the end.

    Attributes
    ----------
    block
        Number of the block.
    kind
        "demonstration", "response" or "other" (begin and trigger).
    mean
        Over tokens, response steps and trials.
    positive
        Share of them that is above 0.
    """

    block: int
    kind: str
    mean: float
    positive: float

    def __str__(self) -> str:
        share = f"{self.positive:.0%} of them more than 0"
        return f"block {self.block}: {self.kind} tokens add {self.mean:+.2f} to logit R - E, {share}"


def token_contributions(
    network: Transformer, task: NumberTask, *, n: int = 200, seed: int = 0
) -> tuple[Contribution, ...]:
    """Attribute logit(R) - logit(E) at every response step to the tokens that each block's attention read.

        contribution of token i at step t = n_t * a_ti * (v_i W_o) . gradient of (R - E) by the attention's output at t

    a is the attention weight, v_i W_o what is read from token i. With uniform attention over n_t tokens every token counts alike
    whatever the length, hence the factor n_t. A network that answers from the sum of +1 per object and -1 per response shows
    opposite signs for the two kinds.

    Parameters
    ----------
    network
        A :class:`symbolscope.networks.Transformer`.
    task
        Where ``n`` trials come from, drawn with ``seed``.

    Examples
    --------
    >>> import symbolscope as sy
    >>> task = sy.tasks.MultiObject(max_count=5)
    >>> found = token_contributions(sy.networks.Transformer(task.vocabulary, width=8), task, n=20)
    >>> [(one.block, one.kind) for one in found]
    [(0, 'demonstration'), (0, 'response'), (0, 'other'), (1, 'demonstration'), (1, 'response'), (1, 'other')]
    """
    with gradients():
        return _contributions(network, task, n, seed)


def _contributions(network: Transformer, task: NumberTask, n: int, seed: int) -> tuple[Contribution, ...]:
    trials = task.sample(n, seed=stream(seed, "trials of token contributions"))
    tokens = torch.from_numpy(trials.tokens).to(next(network.parameters()).device)
    wanted = torch.from_numpy(trials.scored[:, 1:]).to(tokens.device)  # steps that predict a scored token
    x = network.embedding(tokens).detach()
    outputs: list[torch.Tensor] = []
    looked = network.attention(tokens)
    for block in network.blocks:
        assert isinstance(block, Block)
        attended = block.attention(block.norm_attention(x))
        if not attended.requires_grad:
            attended = attended.requires_grad_()
        attended.retain_grad()
        outputs.append(attended)
        x = x + attended
        x = x + block.forward_layers(block.norm_forward(x))
    logits = network.head(network.norm(x))
    decision = logits[:, :-1, task.response] - logits[:, :-1, task.end]
    grads = torch.autograd.grad(decision[wanted].sum(), outputs)
    kinds = {
        "demonstration": np.isin(trials.tokens, task.demos) & ~trials.scored,
        "response": (trials.tokens == task.response) & trials.scored,
        "other": (trials.tokens == task.begin) | (trials.tokens == task.trigger),
    }
    found: list[Contribution] = []
    for number, (grad, attention) in enumerate(zip(grads, looked, strict=True)):
        block = network.blocks[number]
        assert isinstance(block, Block)
        weight = block.attention.out.weight  # [d, d]
        heads, size = attention.values.shape[1], attention.values.shape[3]
        read = torch.einsum("bhlk,dhk->bhld", attention.values, weight.view(-1, heads, size))
        toward = torch.einsum("bhjd,btd->bhtj", read, grad)  # what token j offers along the decision at step t
        seen = torch.arange(1, tokens.shape[1] + 1, device=tokens.device)[None, :, None]
        share = (attention.weights * toward).sum(dim=1) * seen  # [b, t, j]
        causal = torch.ones(share.shape[1:], dtype=torch.bool, device=share.device).tril()
        steps = torch.nn.functional.pad(wanted, (0, 1))[:, :, None] & causal
        for kind, of_kind in kinds.items():
            chosen = share[steps & torch.from_numpy(of_kind).to(share.device)[:, None, :]].detach().double()
            found.append(Contribution(number, kind, float(chosen.mean()), float((chosen > 0).double().mean())))
    return tuple(found)
