"""A network and an image as a game: ``--image cat.png --grid 3x3``."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from symbolscope.cli.destinations import existing_file
from symbolscope.cli.numerals import number, per_channel, size
from symbolscope.cli.targets import read_target
from symbolscope.errors import SymbolscopeError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from symbolscope.games.game import Game


_MOST_PIXELS_OF_A_FILE = 178_956_970  # as Pillow has it: half a gigabyte when decoded
_MOST_PIXELS = 1 << 25  # of what the network gets: each is up to three numbers of four bytes, several times over


@dataclass(frozen=True, eq=False)
class ImageInput:
    """An image, read and cut into patches.

    Parameters
    ----------
    path
        The file.
    pixels
        float32 [C, H, W] in [0, 1].
    grid
        Rows and columns of patches.
    mean, std
        The network is given (pixels - mean) / std, per channel.
    baseline
        "blur", "zero", "mean" (the image's mean colour), or a grey from 0 to 1.
    """

    path: Path
    pixels: "NDArray[np.float32]"
    grid: tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    baseline: str | float

    @classmethod
    def parse(
        cls,
        path: Path,
        grid: str | None,
        resize: str | None,
        mean: str | None,
        std: str | None,
        baseline: str | None,
        *,
        gray: bool,
    ) -> "ImageInput":
        """Check the options and read the image.

        Raises
        ------
        SymbolscopeError
            If an option cannot be read, the file is missing or no image, or Pillow is not installed.
        """
        named = baseline is None or baseline in ("blur", "zero", "mean")
        hidden = "blur" if baseline is None else baseline if named else number(baseline)
        if hidden is None:
            raise SymbolscopeError(
                f"--baseline {baseline} does not suit an image; give blur, zero, mean or a grey 0 .. 1"
            )
        if (patches := size(grid or "3x3")) is None:
            raise SymbolscopeError(f"--grid {grid} cannot be read; give rows x columns, such as --grid 3x4")
        wanted = None if resize is None else size(resize)
        if resize is not None and wanted is None:
            raise SymbolscopeError(f"--size {resize[:40]} cannot be read; give height x width, such as --size 224x224")
        if wanted is not None and wanted[0] * wanted[1] > _MOST_PIXELS:
            raise SymbolscopeError(
                f"--size {resize} is more than {_MOST_PIXELS:,} pixels; give fewer, such as --size 224x224"
            )
        existing_file(path, "--image")
        shift, scale = _per_channel(mean, "--mean", 0.0), _per_channel(std, "--std", 1.0)
        if not all(value > 0 for value in scale):
            raise SymbolscopeError(f"--std {std} must be greater than 0")
        from symbolscope.games.players import Players

        pixels = _pixels(path, wanted, gray=gray)
        for option, values in (("--mean", shift), ("--std", scale)):
            if len(values) not in (1, len(pixels)):
                raise SymbolscopeError(f"{option} has {len(values)} numbers; the image has {len(pixels)} channels")
        Players.grid(pixels.shape, *patches)  # refuses more patches than pixels
        return cls(path, pixels, patches, shift, scale, hidden)

    @property
    def description(self) -> str:
        """What is explained, for the page."""
        return f"the image {self.path.name}"

    def game(self, network: object, *, score: str | None, outputs: str | None, target: str | None) -> "Game":
        """Make the game."""
        import numpy as np

        from symbolscope.games.baselines import blur
        from symbolscope.games.game import Game
        from symbolscope.games.input_views import input_view
        from symbolscope.games.players import Players

        players = Players.grid(self.pixels.shape, *self.grid)
        if self.baseline == "blur":
            hidden = blur(self.pixels)
        elif self.baseline == "mean":
            hidden = np.broadcast_to(self.pixels.mean(axis=(1, 2), keepdims=True), self.pixels.shape)
        else:
            hidden = np.full(self.pixels.shape, 0.0 if self.baseline == "zero" else self.baseline)
        hidden = hidden.astype(np.float32)
        game = Game(
            network,
            self._normalised(self.pixels),
            baseline=self._normalised(hidden),
            players=players,
            score=score or "auto",
            outputs=outputs,
            target=read_target(network, target),
        )
        game.view = input_view(self.pixels, hidden, players)  # as the user knows it, not as the network gets it
        game.settings["baseline"] = str(self.baseline)
        return game

    def _normalised(self, pixels: "NDArray[np.float32]") -> "NDArray[np.float32]":
        import numpy as np

        shift, scale = (np.array(values, dtype=np.float32)[:, None, None] for values in (self.mean, self.std))
        return (pixels - shift) / scale


def _per_channel(text: str | None, option: str, otherwise: float) -> tuple[float, ...]:
    values = (otherwise,) if text is None else per_channel(text)
    if values is None:
        raise SymbolscopeError(f"{option} {text} cannot be read; give a number, or one per channel: 0.485,0.456,0.406")
    return values


def _pixels(path: Path, height_and_width: tuple[int, int] | None, *, gray: bool) -> "NDArray[np.float32]":
    import numpy as np

    try:
        from PIL import Image, ImageOps, UnidentifiedImageError
    except ImportError:
        raise SymbolscopeError('--image needs Pillow: pip install "symbolscope[plots]"') from None
    try:
        # Pillow warns of sizes, damaged tags and more; what matters here is refused below.
        with warnings.catch_warnings(action="ignore"), Image.open(path) as opened:
            if opened.width * opened.height > _MOST_PIXELS_OF_A_FILE:
                raise SymbolscopeError(f"{path} has {opened.width} x {opened.height} pixels, too many; save it smaller")
            if opened.mode.startswith(("I", "F")):
                raise SymbolscopeError(f"{path} has more than 8 bits per channel; save it with 8 bits")
            image: Any = ImageOps.exif_transpose(opened).convert("L" if gray else "RGB")
            if height_and_width is not None:
                image = image.resize(height_and_width[::-1], Image.Resampling.BILINEAR)
            elif image.width * image.height > _MOST_PIXELS:
                raise SymbolscopeError(
                    f"{path} has {image.width} x {image.height} pixels; at most {_MOST_PIXELS:,} are taken; give --size 224x224"
                )
    except SymbolscopeError:
        raise
    except UnidentifiedImageError:
        raise SymbolscopeError(f"{path} is no image that Pillow knows") from None
    except Exception as error:  # Pillow's decoders raise what they meet, such as NotImplementedError
        raise SymbolscopeError(f"{path} cannot be read as an image: {type(error).__name__}: {error}") from None
    pixels = np.asarray(image, dtype=np.float32) / np.float32(255)
    return np.ascontiguousarray(pixels[None] if gray else np.moveaxis(pixels, -1, 0))
