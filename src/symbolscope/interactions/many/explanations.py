"""What a run over many samples found."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, SupportsInt

import numpy as np

from symbolscope.core.argument_checks import FilePath, WholeNumber
from symbolscope.core.checked_call import takes
from symbolscope.errors import SymbolscopeError
from symbolscope.games.store.read_rows import ReadRows
from symbolscope.interactions.many.kept_results import Results
from symbolscope.interactions.many.record import Record, model_of, record_of
from symbolscope.interactions.model import InteractionModel

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, eq=False, repr=False)
class Explanations:
    """Explanations of many samples, read one by one from where :func:`symbolscope.explain_many` kept them.

    Indexed by the sample's place in the data set. Reading from a file keeps nobody from writing to it.

    Parameters
    ----------
    results
        In memory; None if there is a file.
    path
        The file.
    run_key
        The run's key in the file.
    n_samples
        Number of samples that the run went through; the file may hold results of others, from runs over more.

    Examples
    --------
    >>> import torch
    >>> import symbolscope as sy
    >>> network = torch.nn.Linear(3, 2)
    >>> explanations = sy.explain_many(network, torch.eye(3), target=0)
    >>> [model.complexity for model in explanations]
    [1, 1, 1]
    >>> explanations.records[2].r2
    1.0
    >>> explanations[3]
    Traceback (most recent call last):
    symbolscope.errors.SymbolscopeError: there is no explanation of sample 3; there are 3, of samples 0 to 2
    """

    results: Results | None
    path: Path | None
    run_key: str
    n_samples: int

    def __len__(self) -> int:
        return len(self.samples)

    @cached_property
    def samples(self) -> tuple[int, ...]:
        """Places of the samples that were explained, ascending."""
        return tuple(sorted(sample for sample in self._results.done() if sample < self.n_samples))

    @cached_property
    def failures(self) -> dict[int, str]:
        """Samples that could not be explained, and why."""
        return {sample: why for sample, why in sorted(self._results.failures().items()) if sample < self.n_samples}

    @cached_property
    def records(self) -> dict[int, Record]:
        """Per sample: target, calls, number of interactions, R^2, largest error, cost and certified gap."""
        return {sample: record_of(_content(self._results, sample)) for sample in self.samples}

    def __getitem__(self, sample: SupportsInt) -> InteractionModel:
        """The model of one sample; its values on all masks are not kept."""
        sample = WholeNumber().read("sample", sample)
        content = self._results.get(sample) if 0 <= sample < self.n_samples else None
        if content is None:
            if sample in self.failures:
                raise SymbolscopeError(f"sample {sample} could not be explained: {self.failures[sample]}")
            there = f", of samples {self.samples[0]} to {self.samples[-1]}" if self.samples else ""
            raise SymbolscopeError(f"there is no explanation of sample {sample}; there are {len(self)}{there}")
        return model_of(content, f"the result of sample {sample}")

    def __iter__(self) -> Iterator[InteractionModel]:
        """The models in the order of the samples, one at a time in memory."""
        for sample in self.samples:
            yield model_of(_content(self._results, sample), f"the result of sample {sample}")

    def items(self) -> Iterator[tuple[int, InteractionModel]]:
        """Pairs of a sample's place and its model."""
        yield from zip(self.samples, self, strict=True)

    def to_frame(self) -> "pandas.DataFrame":
        """One row per sample: what :attr:`records` holds. Needs pandas."""
        from symbolscope.interactions.many.tables import records_frame

        return records_frame(self.records)

    @takes({"path": FilePath()})
    def to_parquet(self, path: str | PathLike[str]) -> None:
        """Write one row per interaction: sample, kind, order, effect and packed mask. Needs pyarrow.

        The columns are sample (int64), kind ("and" or "or"), order (int32), effect (float64), mask (binary; the bit of player i
        is bit i % 8 of byte i // 8) and players (their names). The samples are written group by group: they need not fit into
        memory.

        Raises
        ------
        SymbolscopeError
            If pyarrow is missing (the message names what to install), or the folder does not exist.
        """
        from symbolscope.interactions.many.tables import write_parquet

        write_parquet(self, path)

    def __repr__(self) -> str:
        head = f"Explanations of {len(self)} samples"
        if self.failures:
            head += f", {len(self.failures)} failed"
        if self.path is not None:
            head += f", in {self.path}"
        if not self.records:
            return head
        sizes = [record.interactions for record in self.records.values()]
        r2 = [record.r2 for record in self.records.values()]
        calls = sum(record.calls for record in self.records.values())
        return (
            f"{head}: {np.median(sizes):.0f} interactions in the median (5 to 95 %: {np.percentile(sizes, 5):.0f} to "
            f"{np.percentile(sizes, 95):.0f}), R^2 {np.nanmedian(r2):.3f} in the median, {np.nanmin(r2):.3f} at least, "
            f"{calls:,} calls"
        )

    @cached_property
    def _results(self) -> Results:
        if self.path is None:
            assert self.results is not None
            return self.results
        return ReadRows(self.path).results(self.run_key)


def _content(results: Results, sample: int) -> bytes:
    content = results.get(sample)
    assert content is not None
    return content
