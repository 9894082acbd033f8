"""A small causal transformer, with or without rotary positions, with its attention open to view."""

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from symbolscope.core.argument_checks import Number, OneOf, Seed, WholeNumber
from symbolscope.core.array_checks import DenseTensor
from symbolscope.core.checked_call import takes
from symbolscope.errors import SymbolscopeError
from symbolscope.networks.sequence_network import SequenceNetwork
from symbolscope.tasks.vocabulary import VOCABULARY, Vocabulary

_ROTARY_BASE = 10_000.0


@dataclass(frozen=True)
class Attention:
    """What one block's attention did on some tokens.

    Attributes
    ----------
    weights
        [b, heads, L, L]: share of position j in what position i reads, [:, :, i, j]; 0 for j > i.
    values
        [b, heads, L, d / heads]: what is read from each position.
    """

    weights: Tensor
    values: Tensor


class Transformer(SequenceNetwork):
    """Blocks x + attention(norm x), then x + feed-forward(norm x); a norm and a linear head on top.

    Submodules: ``embedding``, ``blocks`` (the output of ``blocks.0`` is where it is usually studied), ``norm``, ``head``.

    Parameters
    ----------
    vocabulary
        Its tokens.
    width
        Size d of the states.
    n_blocks
        Number of blocks; each output depends on earlier positions through at most so many steps.
    n_heads
        Attention heads; they divide the width.
    positions
        "nope": none at all, so that only the causal mask tells order; "rope": rotary.
    window
        Attend only to this many tokens before the present one, and itself; None is all.
    dropout
        Share dropped in training after attention and feed-forward.
    seed
        Of the first weights.

    Raises
    ------
    SymbolscopeError
        For positions of another name, or heads that do not divide the width (evenly, with "rope").

    Source: Vaswani et al., arXiv 1706.03762; rotary positions: Su et al., arXiv 2104.09864.

    Examples
    --------
    >>> import symbolscope as sy
    >>> task = sy.tasks.MultiObject(max_count=5)
    >>> network = sy.networks.Transformer(task.vocabulary, width=16, positions="rope")
    >>> tokens = torch.from_numpy(task.sample(3, seed=0).tokens)
    >>> network(tokens).shape == (*tokens.shape, len(task.vocabulary))
    True

    Each position's attention over those before it sums to one:

    >>> attention = network.attention(tokens)[1]
    >>> torch.allclose(attention.weights.sum(dim=-1), torch.ones(()))
    True
    """

    embedding: nn.Embedding
    blocks: nn.ModuleList
    norm: nn.LayerNorm
    head: nn.Linear

    @takes(
        {
            "vocabulary": VOCABULARY,
            "width": WholeNumber(),
            "n_blocks": WholeNumber(),
            "n_heads": WholeNumber(),
            "positions": OneOf(("nope", "rope")),
            "window": WholeNumber(),
            "dropout": Number(least=0, most=1),
            "seed": Seed(),
        }
    )
    def __init__(
        self,
        vocabulary: Vocabulary,
        *,
        width: int = 48,
        n_blocks: int = 2,
        n_heads: int = 1,
        positions: str = "nope",
        window: int | None = None,
        dropout: float = 0.0,
        seed: int = 0,
    ) -> None:
        super().__init__(vocabulary, width)
        if positions not in ("nope", "rope"):
            raise SymbolscopeError(f'positions must be "nope" or "rope"; got {positions!r}')
        if n_heads < 1 or width % n_heads or (positions == "rope" and (width // n_heads) % 2):
            even = " into parts of even size" if positions == "rope" else ""
            raise SymbolscopeError(f"n_heads must divide the width {width}{even}; got {n_heads}")
        if n_blocks < 1 or (window is not None and window < 1):
            raise SymbolscopeError(f"n_blocks and window must be at least 1; got {n_blocks} and {window}")
        self.positions = positions
        self.configuration |= {
            "n_blocks": n_blocks, "n_heads": n_heads, "positions": positions, "window": window, "dropout": dropout, "seed": seed,
        }  # fmt: skip
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.embedding = nn.Embedding(len(vocabulary), width)
            self.blocks = nn.ModuleList(
                Block(width, n_heads, rotary=positions == "rope", window=window, dropout=dropout)
                for _ in range(n_blocks)
            )
            self.norm = nn.LayerNorm(width)
            self.head = nn.Linear(width, len(vocabulary))

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))

    @takes({"window": WholeNumber()})
    def windowed(self, window: int) -> "Transformer":
        """The same network (its parameters are shared) with attention cut to ``window`` tokens before the present one."""
        if window < 1:
            raise SymbolscopeError(f"window must be at least 1; got {window}")
        # Modules of its own, so that hooks and modes are not shared too.
        cut = copy.deepcopy(self, {id(parameter): parameter for parameter in self.parameters()})
        cut.configuration["window"] = window
        for block in cut.blocks:
            assert isinstance(block, Block)
            block.attention.window = window
        return cut

    @takes({"tokens": DenseTensor(axes=(2,), whole=True)})
    def attention(self, tokens: Tensor) -> list[Attention]:
        """What each block's attention did, one entry per block."""
        x, found = self.embedding(tokens), list[Attention]()
        for block in self.blocks:
            assert isinstance(block, Block)
            found.append(block.attention.looked(block.norm_attention(x)))
            x = block(x)
        return found


class Block(nn.Module):
    """Attention and feed-forward, each added to what came in."""

    def __init__(self, width: int, n_heads: int, *, rotary: bool, window: int | None, dropout: float) -> None:
        super().__init__()
        self.norm_attention = nn.LayerNorm(width)
        self.attention = CausalAttention(width, n_heads, rotary=rotary, window=window)
        self.norm_forward = nn.LayerNorm(width)
        self.forward_layers = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.dropout(self.attention(self.norm_attention(x)))
        return x + self.dropout(self.forward_layers(self.norm_forward(x)))


class CausalAttention(nn.Module):
    """softmax(q k' / sqrt(d / heads)) v over the positions up to the present one."""

    def __init__(self, width: int, n_heads: int, *, rotary: bool, window: int | None) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.rotary = rotary
        self.window = window
        self.query_key_value = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        for part in self.query_key_value.weight.chunk(3):
            nn.init.xavier_uniform_(part)
        nn.init.xavier_uniform_(self.out.weight)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self._projected(x)
        seen = None if self.window is None else self._seen(x.shape[1], x.device)
        mixed = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=seen, is_causal=seen is None)
        return self.out(mixed.transpose(1, 2).flatten(2))

    def looked(self, x: Tensor) -> Attention:
        """The weights and values behind ``forward``, for x [b, L, d]."""
        q, k, v = self._projected(x)
        scores = q @ k.mT / q.shape[-1] ** 0.5  # [b, heads, L, L]
        seen = self._seen(x.shape[1], x.device)
        return Attention(scores.masked_fill(~seen, -torch.inf).softmax(dim=-1), v)

    def _projected(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, each [b, heads, L, d / heads]."""
        b, length, width = x.shape
        parts = self.query_key_value(x).view(b, length, 3, self.n_heads, width // self.n_heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        return (rotated(q), rotated(k), v) if self.rotary else (q, k, v)

    def _seen(self, length: int, device: torch.device) -> Tensor:
        """Which position i sees which j, bool [L, L]."""
        at = torch.arange(length, device=device)
        back = at[:, None] - at
        return back >= 0 if self.window is None else (back >= 0) & (back <= self.window)


def rotated(x: Tensor) -> Tensor:
    """Pairs (x_i, x_{i + d/2}) of x [..., L, d] turned by the angle position * base^(-2i/d)."""
    length, d = x.shape[-2:]
    rates = _ROTARY_BASE ** (-torch.arange(0, d, 2, device=x.device, dtype=torch.float32) / d)
    angle = torch.arange(length, device=x.device, dtype=torch.float32)[:, None] * rates  # [L, d / 2]
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)
