"""How many tokens a network takes, as it counts them itself."""

from torch import nn

from symbolscope.core.wrapped_network import unwrapped
from symbolscope.errors import SymbolscopeError

# Tables with a row per place, by the names that Hugging Face's networks give them.
_PLACES = ("position_embeddings", "position_embedding", "embed_positions", "positions_embed", "pos_embed", "wpe")


def longest_text(network: object) -> int | None:
    """Most tokens that a network takes, special tokens included; None if it sets no limit or does not tell.

    That is ``config.max_position_embeddings`` (also under the names of GPT-2 and others), or fewer where the table of places has
    fewer rows to spare: RoBERTa and its kin count from the row after the padding's, OPT and BART from the third. A network whose
    attention knows distances only (T5, XLNet, DeBERTa without a table of places) sets no limit. The tokenizer's
    ``model_max_length`` is not asked, for it is often 10^30, or that of another network.

    Parameters
    ----------
    network
        Any network, also inside torch.compile or DataParallel.

    Examples
    --------
    >>> class Configured(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.position_embeddings = nn.Embedding(66, 8, padding_idx=1)
    >>> longest_text(Configured())
    64
    """
    inner = unwrapped(network)
    config = getattr(inner, "config", None)
    told = getattr(config, "max_position_embeddings", None)
    limits = [told] if isinstance(told, int) and told > 0 else []
    tables = _tables_of_places(inner)
    if not tables and getattr(config, "relative_attention", False):
        limits = []
    return min([*limits, *tables], default=None)


def check_length(network: object, length: int, *, pair: bool) -> None:
    """Refuse a text that is too long for the network.

    Raises
    ------
    SymbolscopeError
        With both numbers.
    """
    longest = longest_text(network)
    if longest is not None and length > longest:
        has, them = ("the pair of texts has", "one of them") if pair else ("the text has", "the text")
        raise SymbolscopeError(f"{has} {length} tokens and the network takes at most {longest}; shorten {them}")


def _tables_of_places(network: object) -> list[int]:
    """Places for which each table of places in a network has a row."""
    if not isinstance(network, nn.Module):
        return []
    places: list[int] = []
    for name, part in network.named_modules():
        if isinstance(part, nn.Embedding) and name.rpartition(".")[2] in _PLACES:
            skipped = 0 if part.padding_idx is None else part.padding_idx + 1
            offset = getattr(part, "offset", 0)
            places.append(part.num_embeddings - max(skipped, offset if isinstance(offset, int) else 0))
    return places
