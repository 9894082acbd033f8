"""A tokenizer of whole words."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from symbolscope.errors import SymbolscopeError
from symbolscope.games.words import split_words

PAD, UNKNOWN = 0, 1
_PADDING, _UNKNOWN = "[PAD]", "[UNK]"


def vocabulary_of(texts: Iterable[str], *, least: int = 2) -> dict[str, int]:
    """A number for every word that occurs ``least`` times, in lower case; 0 is padding, 1 any other word.

    Examples
    --------
    >>> vocabulary_of(["not bad", "Not good"])
    {'[PAD]': 0, '[UNK]': 1, 'not': 2}
    """
    counts = Counter(word.text.lower() for text in texts for word in split_words(text))
    words = sorted(word for word, count in counts.items() if count >= least)
    return {_PADDING: PAD, _UNKNOWN: UNKNOWN} | {word: number for number, word in enumerate(words, start=2)}


def word_tokenizer(vocabulary: dict[str, int]) -> Any:
    """A fast tokenizer, as Hugging Face has them, that knows these words and nothing else. Needs transformers.

    Raises
    ------
    SymbolscopeError
        If transformers is not installed.

    Examples
    --------
    >>> tokenizer = word_tokenizer({"[PAD]": 0, "[UNK]": 1, "not": 2, "it's": 3})
    >>> tokenizer("It's NOT bad")["input_ids"]
    [3, 2, 1]
    """
    try:
        from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers
        from transformers import PreTrainedTokenizerFast
    except ImportError:
        raise SymbolscopeError(
            'texts need the package transformers; type: python -m pip install "symbolscope[hf]"'
        ) from None
    words = Tokenizer(models.WordLevel(vocabulary, unk_token=_UNKNOWN))
    words.normalizer = normalizers.Lowercase()  # pyright: ignore[reportAttributeAccessIssue]
    pattern = Regex(r"[\w]+(?:['’\-][\w]+)*|[^\w\s]")  # words as games cut them
    words.pre_tokenizer = pre_tokenizers.Split(pattern, behavior="removed", invert=True)  # pyright: ignore[reportAttributeAccessIssue]
    return PreTrainedTokenizerFast(tokenizer_object=words, pad_token=_PADDING, unk_token=_UNKNOWN)
