"""A network as a game: a function of which players are present."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.argument_checks import Flag, Function, InstanceOf, OneOf, Text, WholeNumber
from symbolscope.core.checked_call import takes
from symbolscope.core.printable_text import printable
from symbolscope.core.sequence_checks import Names
from symbolscope.errors import SymbolscopeError
from symbolscope.games.batch_sizes import BatchSizes
from symbolscope.games.batches import MaskScores, check_masks, scores_in_batches
from symbolscope.games.estimator_network import EstimatorNetwork, is_estimator
from symbolscope.games.given import GivenArray, GivenBaseline, GivenPlayers, GivenSample
from symbolscope.games.input_text import GivenText, GivenWords
from symbolscope.games.masked_function import MaskedFunction
from symbolscope.games.masked_network import MaskedNetwork
from symbolscope.games.output_meaning import GivenOutputs
from symbolscope.games.players import Players
from symbolscope.games.spans import GivenSpans
from symbolscope.games.tensor_inputs import tensor_inputs
from symbolscope.games.torch_network import TorchNetwork
from symbolscope.games.unchanged_players import unchanged_names, unchanged_text
from symbolscope.games.view import InputView
from symbolscope.shapes import Scores

Settings = dict[str, str | int | float | bool | None]


class Game:
    """A network and one input as a function of which input variables ("players") are present.

    v(S) = score(network(x_S)), where x_S holds the sample's values on the players in S and the baseline elsewhere.
    Building a game calls the network a few times on the full and the empty input, and refuses what would only fail
    later.

    Parameters
    ----------
    network
        nn.Module (also one from ``torch.export.load(...).module()``), callable tensor -> tensor, or fitted scikit-learn
        estimator, one of its methods, or any function of NumPy arrays. It gets batches [m, *sample.shape] and returns [m] or
        [m, classes], or an object with ``.logits``. No row's answer may depend on the other rows of its batch.
    sample
        The input to be explained: an array, tensor or list; of a table one row, also as Series, frame of one row, dict or sparse
        row. Names of columns are matched with those the estimator was fitted on, and it gets frames with the columns' own types if
        it was fitted on frames. A batch axis of length 1 is taken off where the network does not take it.
    baseline
        What hidden positions hold: "zero", "blur" (images), "center" (points), a number, or an array of the sample's
        shape, such as ``symbolscope.baselines.mean_baseline(training_samples)``; of rows with texts or categories one row, such as
        ``symbolscope.baselines.typical(frame)``. A missing value hides a column as missing, where the estimator takes that.
    players
        A :class:`Players`, an integer label array (-1 = background), a list of index groups, or (rows, cols) patches
        of an image. None makes each element of a one-dimensional sample a player.
    score
        "log-odds" (z_y - log sum_{j != y} exp z_j), "logit", "probability", "output" (the column as it is), or a callable
        outputs [m, ...] -> [m]. All in float64. "auto" is the log-odds of classes, and the output of everything else.
    outputs
        What the outputs mean: "logits" (of exclusive classes, or of class 1 if there is one column), "probabilities" (likewise),
        "multi-label" (each column a label of its own; "multi-label-logits" and "multi-label-probabilities" say which), "value"
        (regression, ranking), "margin" (only signs and order count). None finds it: from the kind of estimator, a Hugging Face
        configuration, a final softmax or sigmoid, or outputs that lie in [0, 1]; it is shown in ``settings["outputs"]``, and where
        it cannot be known, as of one column of a torch network, the question is asked.
    target
        Class or output column; a class label for scikit-learn. None is the class predicted on the full input.
    player_names
        One name per player.
    device
        Where inputs go; None is where the network's parameters are.

    Raises
    ------
    SymbolscopeError
        If shapes do not fit, the sample or baseline holds NaN, the network fails, is random (dropout left on), mixes the rows of a
        batch or does not suit the score, what its outputs mean cannot be known, or the target does not exist.

    Examples
    --------
    >>> import torch
    >>> import symbolscope as sy
    >>> network = torch.nn.Linear(3, 2)
    >>> game = sy.Game(network, [1.0, 2.0, 3.0], target=1, player_names=["age", "dose", "sex"])
    >>> game(sy.all_masks(3)).shape
    (8,)

    A scikit-learn classifier, hidden columns at their mean:

    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> iris = load_iris()
    >>> classifier = LogisticRegression(max_iter=500).fit(iris.data, iris.target)
    >>> game = sy.Game(classifier, iris.data[0], baseline=sy.baselines.mean_baseline(iris.data))
    >>> empty, full = game([[False] * 4, [True] * 4])
    >>> bool(empty < 0 < full)
    True

    Twelve patches of an image:

    >>> network = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.Flatten(), torch.nn.Linear(2704, 10))
    >>> sy.Game(network, torch.rand(1, 28, 28), players=(3, 4), target=7)
    Game(Sequential, 12 players, score 'log-odds' of target 7)
    """

    n_players: int
    player_names: tuple[str, ...]
    view: InputView | None
    settings: Settings
    network: object
    key: str | None

    @takes({"player_names": Names(distinct=False, numbers=True)})
    def __init__(
        self,
        network: object,
        sample: GivenSample,
        *,
        baseline: GivenBaseline = "zero",
        players: GivenPlayers = None,
        score: str | Callable[..., object] = "auto",
        outputs: GivenOutputs = None,
        target: object = None,
        player_names: Sequence[str] | None = None,
        device: object = None,
    ) -> None:
        if isinstance(sample, str):
            if not is_estimator(network):
                raise SymbolscopeError(
                    f"the sample is a text; type sy.Game.from_text(network, tokenizer, {_shown(sample)}), with None for the "
                    "tokenizer if the network takes strings"
                )
            self._lay_out_text(
                network,
                None,
                sample,
                baseline=None if isinstance(baseline, str) and baseline == "zero" else baseline,
                score=score,
                outputs=outputs,
                target=target,
                player_names=player_names,
                device=device,
            )
            return
        adapted = (
            EstimatorNetwork(network, score=score, given=outputs)
            if is_estimator(network)
            else TorchNetwork(network, device=device)
        )
        prepared = (
            adapted.prepare(sample, baseline=baseline, players=players, player_names=player_names)
            if isinstance(adapted, EstimatorNetwork)
            else tensor_inputs(adapted, sample, baseline=baseline, players=players, player_names=player_names)
        )
        chosen = prepared.players
        source = MaskedNetwork(
            adapted,
            prepared.inputs,
            score=score,
            target=target,
            given=outputs,
            sequence=prepared.sequence,
        )
        resolved, classes = source.score.target, source.classes
        self._lay_out(
            source,
            chosen,
            prepared.view,
            {
                "network": adapted.name,
                "score": _score_name(score, source),
                "outputs": str(source.meaning),
                "target": resolved,
                "target_name": str(classes[resolved]) if classes is not None and resolved is not None else None,
                "baseline": prepared.baseline_name,
                "players": _describe(chosen),
                **prepared.notes,
            },
        )
        self.network = network
        self._given_baseline = baseline
        self._rebuild = lambda other, hidden: Game(
            other,
            prepared.sample,
            baseline=hidden,
            players=chosen,
            score=score,
            outputs=source.meaning if isinstance(adapted, TorchNetwork) and not callable(score) else outputs,
            target=_label(classes, resolved),
            device=device,
        )

    def with_network(self, network: object) -> "Game":
        """The same sample, baseline, players, score and target, seen by another network.

        Parameters
        ----------
        network
            Of the same kind: it gets the same inputs, and its outputs are read the same way.

        Raises
        ------
        SymbolscopeError
            If the game was made from a function, which has no network; or as :class:`Game` does.

        Examples
        --------
        >>> import torch
        >>> trained, untrained = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
        >>> game = Game(trained, [1.0, 2.0, 3.0], target=1, player_names=["age", "dose", "sex"])
        >>> game.with_network(untrained).player_names
        ('age', 'dose', 'sex')
        """
        if self._rebuild is None:
            raise SymbolscopeError(
                f"{self!r} was made from a function, so no other network can take its place; make it with "
                "sy.Game(network, sample, ...)"
            )
        game = self._rebuild(network, self._given_baseline)
        game.view = self.view
        # Of an estimator the target is a label, which may have another column here.
        game.settings = self.settings | {name: game.settings[name] for name in ("network", "target")}
        return game

    def with_baseline(self, baseline: GivenBaseline) -> "Game":
        """The same network, sample, players, score and target, hidden players replaced by something else.

        Parameters
        ----------
        baseline
            As for :class:`Game`, or as for :meth:`from_text` if the game is of a text.

        Raises
        ------
        SymbolscopeError
            If the game was made from a function, which hides players itself; or as :class:`Game` does.

        Examples
        --------
        >>> import torch
        >>> game = Game(torch.nn.Linear(3, 2), [1.0, 2.0, 3.0], target=1)
        >>> game.with_baseline([0.5, 0.5, 0.5]).settings["baseline"]
        'array of shape (3,)'
        """
        if self._rebuild is None:
            raise SymbolscopeError(
                f"{self!r} was made from a function, which hides players itself; make it with sy.Game(network, sample, ...)"
            )
        return self._rebuild(self.network, baseline)

    @classmethod
    @takes(
        {
            "fn": Function("a function from masks bool [m, n] to m values"),
            "n_players": WholeNumber(least=1, most=1_000_000),
            "player_names": Names(distinct=False, numbers=True),
            "key": Text("a name of the function, such as key='my model v3'"),
        }
    )
    def from_function(
        cls,
        fn: Callable[[NDArray[np.bool_]], object],
        n_players: int,
        player_names: Sequence[str] | None = None,
        *,
        key: str | None = None,
    ) -> "Game":
        """Make a game of any callable from masks to values.

        The callable is trusted to give equal masks equal values; it is not called before the game is.

        Parameters
        ----------
        fn
            bool array [m, n] -> m numbers.
        n_players
            Number of players, at least 1.
        player_names
            One name per player; x0, x1, ... by default.
        key
            A name that stands for the callable in a store of values, such as "my model v3": one key, one set of values.
            None lets the store read the callable's own code and data.

        Raises
        ------
        SymbolscopeError
            If there is no player, the number of names differs, or the key is empty.

        Examples
        --------
        >>> game = Game.from_function(lambda masks: masks.all(axis=1), 2, ["not", "bad"])
        >>> game([[True, False], [True, True]])
        array([0., 1.])
        """
        if not callable(fn):
            raise SymbolscopeError(f"fn must be a callable from masks bool [m, n] to m values; got {type(fn).__name__}")
        if n_players < 1:
            raise SymbolscopeError(f"a game needs at least 1 player; got n_players={n_players}")
        if key == "":
            raise SymbolscopeError("key must name the function, such as key='my model v3'; got an empty text")
        players = Players.columns(n_players)
        if player_names is not None:
            players = players.renamed(player_names)
        game = cls.__new__(cls)
        name = getattr(fn, "__name__", type(fn).__name__)
        settings: Settings = {
            "network": str(name),
            "score": "output",
            "outputs": None,
            "target": None,
            "target_name": None,
            "baseline": None,
            "players": f"{n_players} players",
        }
        game._lay_out(MaskedFunction(fn, n_players), players, None, settings)
        game.key = key
        return game

    @classmethod
    @takes(
        {
            "level": OneOf(("token", "embedding")),
            "player_names": Names(distinct=False, numbers=True),
            "prefix_sharing": Flag(),
        }
    )
    def from_text(
        cls,
        network: object,
        tokenizer: object,
        text: GivenText,
        *,
        level: Literal["token", "embedding"] = "token",
        baseline: GivenBaseline = None,
        words: GivenWords = None,
        spans: GivenSpans = "word",
        score: str | Callable[..., object] = "auto",
        outputs: GivenOutputs = None,
        target: object = None,
        player_names: Sequence[str] | None = None,
        device: object = None,
        prefix_sharing: bool | None = None,
    ) -> "Game":
        """Make a game of a text: its words, sentences or spans are the players, all tokens of one hidden together.

        Special tokens and words left out of ``words`` or in no span are background and stay; attention mask and
        positions do not change. A network that returns one row of logits per token (a causal language model) is read at the last
        position: the target is then the next token.

        Parameters
        ----------
        network
            Hugging Face sequence classifier or causal language model, or any module that takes ``input_ids``. Without a
            tokenizer: a fitted scikit-learn estimator that takes strings, or a function from a list of strings to numbers.
        tokenizer
            A Hugging Face fast tokenizer (one that gives character offsets); None if the network takes strings.
        text
            One string, or a pair of them, (text, second text), for networks of pairs. Players of a pair are called "text 1: ..."
            and "text 2: ...".
        level
            "token" replaces token ids, "embedding" the input embeddings.
        baseline
            "mask", "pad" or "unk" (the tokenizer's special tokens), a token id, and at the embedding level also
            "zero" or a vector [width]. None takes the first that the tokenizer has of mask, unk, pad and end of text. Without
            a tokenizer hidden words are removed from the string.
        words
            The players, by word or by index in reading order; None is all words and punctuation marks (see
            :func:`symbolscope.games.text_segmentation.word_ranges`). A string that is no word stands for its occurrences.
        spans
            What a player is: "word", "sentence" (see :func:`symbolscope.games.spans.split_sentences`), or a list of
            strings that occur in the text and (start, end) ranges of its characters; for a pair a list of strings, or two
            lists, one for each text. A span may cut a word between two tokens; a token that it touches it has whole. Players
            are named by their text, of long ones the beginning.
        score, outputs, player_names, device
            As for :class:`Game`.
        target
            Class index or label; for a language model a token id or a string that is a single token. None is the
            predicted one.
        prefix_sharing
            Causal language models: whether what masked texts have in common up to their first difference is computed once
            for all of them (:class:`symbolscope.games.prefix_network.PrefixNetwork`). The values are the same up to float
            rounding. None does so where the network can (that is tried here), True refuses where it cannot, False never.

        Raises
        ------
        SymbolscopeError
            If the text has no words or is longer than the network takes, a word or span is not in it, spans overlap or share a
            token, or the tokenizer lacks the baseline token.

        Examples
        --------
        >>> from tokenizers import Tokenizer, models, pre_tokenizers
        >>> from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast
        >>> vocabulary = {"[UNK]": 0, "[MASK]": 1, "[PAD]": 2, "not": 3, "bad": 4}
        >>> words = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
        >>> words.pre_tokenizer = pre_tokenizers.Whitespace()
        >>> tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, mask_token="[MASK]", unk_token="[UNK]")
        >>> config = BertConfig(vocab_size=5, hidden_size=8, num_hidden_layers=1, num_attention_heads=2)
        >>> network = BertForSequenceClassification(config).eval()
        >>> game = Game.from_text(network, tokenizer, "not bad", target=1)
        >>> game.player_names, game([[True, True], [False, False]]).shape
        (('not', 'bad'), (2,))
        >>> text = "not bad. not bad"
        >>> Game.from_text(network, tokenizer, text, spans="sentence", target=1).player_names
        ('not bad.', 'not bad')

        A scikit-learn pipeline takes the string itself, without the words that are hidden:

        >>> from sklearn.feature_extraction.text import CountVectorizer
        >>> from sklearn.linear_model import LogisticRegression
        >>> from sklearn.pipeline import make_pipeline
        >>> pipeline = make_pipeline(CountVectorizer(), LogisticRegression()).fit(["good film", "bad film"], ["pos", "neg"])
        >>> Game.from_text(pipeline, None, "not a bad film", target="neg").player_names
        ('not', 'a', 'bad', 'film')
        """
        game = cls.__new__(cls)
        game._lay_out_text(
            network,
            tokenizer,
            text,
            level=level,
            baseline=baseline,
            words=words,
            spans=spans,
            score=score,
            outputs=outputs,
            target=target,
            player_names=player_names,
            device=device,
            prefix_sharing=prefix_sharing,
        )
        return game

    @property
    def unchanged(self) -> tuple[str, ...]:
        """Names of the players whose sample equals their baseline, so that hiding them changes nothing.

        Examples
        --------
        >>> import torch
        >>> Game(torch.nn.Linear(3, 2), [1.0, 0.0, 3.0], player_names=["age", "dose", "sex"], target=1).unchanged
        ('dose',)
        """
        return unchanged_names(self.source.relevant, self.player_names)

    def __call__(self, masks: GivenArray) -> Scores:
        """Score masks, bool [m, n] -> float64 [m], without a progress bar; see :func:`symbolscope.evaluate`.

        Examples
        --------
        >>> Game.from_function(lambda masks: masks.sum(axis=1), 2)([[True, True]])
        array([2.])
        """
        return scores_in_batches(
            self.source,
            check_masks(masks, self.n_players),
            self.batch_sizes,
            player_names=self.player_names,
            batch_size=None,
            progress=False,
        )

    def __repr__(self) -> str:
        target = "" if self.settings["target"] is None else f" of target {self.settings['target']}"
        players = "1 player" if self.n_players == 1 else f"{self.n_players} players"
        return f"Game({printable(str(self.settings['network']))}, {players}, score {self.settings['score']!r}{target})"

    def _lay_out_text(
        self,
        network: object,
        tokenizer: object,
        text: GivenText,
        *,
        level: Literal["token", "embedding"] = "token",
        baseline: GivenBaseline = None,
        words: GivenWords = None,
        spans: GivenSpans = "word",
        score: str | Callable[..., object],
        outputs: GivenOutputs,
        target: object,
        player_names: Sequence[str] | None,
        device: object,
        prefix_sharing: bool | None = None,
    ) -> None:
        """Fill in the game of a text."""
        from symbolscope.games.text import masked_text

        masked = masked_text(
            network,
            tokenizer,
            text,
            level=level,
            baseline=baseline,
            words=words,
            spans=spans,
            score=score,
            outputs=outputs,
            target=target,
            device=device,
            prefix_sharing=prefix_sharing,
        )
        players = masked.players if player_names is None else masked.players.renamed(player_names)
        settings: Settings = {
            "network": masked.source.network.name,
            "score": _score_name(score, masked.source),
            "outputs": str(masked.source.meaning),
            "target": masked.source.score.target,
            "target_name": masked.target_name,
            "baseline": masked.baseline_name,
            "players": masked.described,
        }
        self._lay_out(masked.source, players, masked.view, settings)
        self.network = network
        self._given_baseline = baseline
        self._rebuild = lambda other, hidden: Game.from_text(
            other,
            tokenizer,
            text,
            level=level,
            baseline=hidden,
            words=words,
            spans=spans,
            score=score,
            outputs=outputs if callable(score) or is_estimator(network) else masked.source.meaning,
            target=masked.target,
            player_names=player_names,
            device=device,
            prefix_sharing=prefix_sharing,
        )

    def _lay_out(self, source: MaskScores, players: Players, view: InputView | None, settings: Settings) -> None:
        self.source = source
        self.batch_sizes: BatchSizes = source.batch_sizes()
        self.player_names = players.names
        self.n_players = len(players)
        self.view = view
        self.settings = settings
        if (unchanged := unchanged_text(source.relevant, players.names)) is not None:
            self.settings["equals_baseline"] = unchanged
        self.network: object = None
        self.key: str | None = None  # stands for a function in a store of values
        self._given_baseline: GivenBaseline = None
        self._rebuild: Callable[[object, GivenBaseline], Game] | None = None


def _label(classes: Sequence[object] | NDArray[Any] | None, target: int | None) -> object:
    """The target as it is given: a class label for scikit-learn, else its index."""
    return target if classes is None or target is None else classes[target]


def _shown(text: str) -> str:
    return repr(text if len(text) <= 30 else text[:29] + "…")


def _score_name(score: object, source: MaskedNetwork) -> str:
    return source.score.kind if not callable(score) else f"function {getattr(score, '__name__', type(score).__name__)}"


def _describe(players: Players) -> str:
    background = int((players.labels < 0).sum())
    return f"{len(players)} players on a sample of shape {players.labels.shape}, {background} background positions"


GAME = InstanceOf(Game, "a Game", "sy.Game(network, sample)")
