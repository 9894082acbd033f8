"""What a study of counting supports, in sentences that never give a score alone."""

from symbolscope.report.counting_study import CountingStudy

_CARRIED = 0.95
_PARTLY = 0.5


def headline(study: CountingStudy) -> str:
    """The first variable's best alignment in a few words."""
    index = _best(study, study.results[0].variables[0])
    alignment, iia = study.alignments[index], study.results[index]
    size, name = alignment.featurizer.size, iia.variables[0].replace("_", " ")
    where = f"{size} feature{'s' if size > 1 else ''} of the state"
    low, _ = iia.interval
    if low >= _CARRIED:
        return f"Swap {where} between two runs, and the {name} goes with them"
    if low >= _PARTLY:
        return f"Swap {where} between two runs, and the {name} goes with them in part"
    return f"No {size} features of the state were found that carry the {name}"


def reading(study: CountingStudy) -> str:
    """The best alignment of each variable, with its interval and floor, and what was not controlled."""
    sentences: list[str] = []
    for name in dict.fromkeys(iia.variables[0] for iia in study.results):
        index = _best(study, name)
        alignment, iia = study.alignments[index], study.results[index]
        if study.evidence:
            said = study.evidence[index].sentence
            kind = f"{alignment.featurizer.size} features, {type(alignment.featurizer).__name__}"
            sentences.append(f"{name.replace('_', ' ').capitalize()} ({kind}):{said.partition(':')[2]}")
            continue
        low, high = iia.interval
        kind = f"{alignment.featurizer.size} features ({type(alignment.featurizer).__name__})"
        sentences.append(
            f"{name.replace('_', ' ').capitalize()}: with {kind} swapped, the program's whole answer follows in {iia.value:.1%} of "
            f"fresh pairs (95 % interval {low:.1%} to {high:.1%}; {iia.floor:.1%} with nothing swapped)."
        )
    if study.not_assessed:
        sentences.append(
            f"Nothing was controlled, for the controls failed ({study.not_assessed}), so how much of this any network would give "
            "is not measured here."
        )
    elif not study.controlled:
        sentences.append("Nothing was controlled, so how much of this any network would give is not measured here.")
    return " ".join(sentences)


def _best(study: CountingStudy, name: str) -> int:
    rows = [index for index, iia in enumerate(study.results) if iia.variables[0] == name]
    return max(rows, key=lambda index: study.results[index].value)
