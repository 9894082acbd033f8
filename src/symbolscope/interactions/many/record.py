"""One sample's explanation as bytes, with what is known of it when its values are no longer there."""

import json
from dataclasses import asdict, dataclass

from symbolscope.errors import SymbolscopeError
from symbolscope.interactions.model import InteractionModel
from symbolscope.interactions.storage import model_from_bytes, model_to_bytes

_LENGTH = 4


@dataclass(frozen=True)
class Record:
    """What a run tells about one sample, the interactions themselves aside.

    Attributes
    ----------
    sample
        Its place in the data set.
    digest
        Fingerprint of the sample, so that another one in its place is seen.
    target
        Name or index of the target explained, as text.
    calls
        Masked inputs asked for.
    interactions
        Number of interactions.
    r2
        Over all masks after the exact method, over fresh uniform masks after the sparse one.
    largest_error
        On any mask; nan after the sparse method.
    objective, gap
        Cost and certified relative gap of the split.
    """

    sample: int
    digest: str
    target: str
    calls: int
    interactions: int
    r2: float
    largest_error: float
    objective: float
    gap: float

    @staticmethod
    def of(model: InteractionModel, sample: int, digest: str) -> "Record":
        """What there is to tell of a model just made."""
        settings = model.settings
        target = settings.get("target_name")
        target = settings.get("target") if target is None else target
        sampled = model.sampled
        if sampled is None:
            calls, r2, largest = 1 << model.n_players, model.fidelity.r2, model.fidelity.largest_error
        else:
            calls, r2, largest = sampled.calls, sampled.held_out["uniform"].r2, float("nan")
        return Record(
            sample, digest, "" if target is None else str(target), calls, len(model.effects), float(r2), float(largest),
            model.objective, model.gap,
        )  # fmt: skip


def to_bytes(record: Record, model: InteractionModel) -> bytes:
    """Write a record and its model, whose values on all masks are left out."""
    header = json.dumps(asdict(record)).encode()
    return len(header).to_bytes(_LENGTH, "little") + header + model_to_bytes(model, with_values=False)


def record_of(content: bytes) -> Record:
    """Read the record only."""
    length = int.from_bytes(content[:_LENGTH], "little")
    try:
        return Record(**json.loads(content[_LENGTH : _LENGTH + length]))
    except (ValueError, TypeError) as error:
        raise SymbolscopeError(
            f"a result of this run cannot be read: {error}; was it written by a newer version?"
        ) from None


def model_of(content: bytes, source: str) -> InteractionModel:
    """Read the model."""
    length = int.from_bytes(content[:_LENGTH], "little")
    return model_from_bytes(content[_LENGTH + length :], source)
