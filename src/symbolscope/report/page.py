"""One self-contained HTML page about one or more explanations, which a reader can poke."""

import base64
import hashlib
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeGuard

from symbolscope.core.argument_checks import FilePath, Flag, InstanceOf, Text
from symbolscope.core.checked_call import takes
from symbolscope.core.sequence_checks import ListOf, is_iterable
from symbolscope.core.whole_file import as_path, check_writable, write_whole
from symbolscope.errors import SymbolscopeError

if TYPE_CHECKING:
    from jinja2 import Environment

    from symbolscope.emergence.dynamics import InteractionDynamics
    from symbolscope.emergence.emergence_report import EmergenceReport
    from symbolscope.emergence.emergence_summary import EmergenceSummary
    from symbolscope.evidence.faithfulness import Faithfulness
    from symbolscope.evidence.left_out import NotAssessed
    from symbolscope.interactions.model import InteractionModel
    from symbolscope.report.counting_study import CountingStudy
    from symbolscope.report.figures_section import FiguresSection
    from symbolscope.report.study_section import StudySection

    Measured: TypeAlias = EmergenceReport | EmergenceSummary | InteractionDynamics
    Item: TypeAlias = InteractionModel | CountingStudy | Measured
else:
    Item = object  # refused below, with a message of its own

# Results that are read and not poked: module and class of each, imported only if somebody has made one.
_MEASURED = {
    "symbolscope.emergence.emergence_report": "EmergenceReport",
    "symbolscope.emergence.emergence_summary": "EmergenceSummary",
    "symbolscope.emergence.dynamics": "InteractionDynamics",
}


@takes({"path": FilePath(), "title": Text(), "nulls": Flag()})
def write_report(
    path: str | os.PathLike[str],
    items: "Sequence[Item] | Item",
    *,
    title: str | None = None,
    evidence: "Sequence[Faithfulness | NotAssessed | None] | None" = None,
    nulls: bool = True,
) -> Path:
    """Write one self-contained HTML page: bars, curves, certificate, and an input that can be poked.

    Hiding a player (by a click or a key) shows the network's real output beside what the interactions predict. Up to 14
    players the real outputs travel with the page; above that only the prediction can be shown. The page loads nothing,
    and its own policy forbids it to. It is written whole or not at all.

    Parameters
    ----------
    path
        Where to write; an existing file is replaced.
    items
        Explanations, studies of counting (``CountingStudy``), conditions of emergence (of one input or a data set) and dynamics of
        a training, each a section of the page. A ``title`` in a model's settings names its section. A study gets accuracies with
        their floors, the states, and a swap explorer.
    title
        Title of the page.
    evidence
        What :func:`symbolscope.assess` said of each explanation, in their order; None asks it now, and the page is written and says
        why where the controls fail. Studies hold their own.
    nulls
        False asks nothing: the page then says that nothing was controlled.

    Returns
    -------
    The path that was written.

    Raises
    ------
    SymbolscopeError
        If the folder does not exist, there are no items, or an item is not an explanation.

    Examples
    --------
    >>> import numpy as np, symbolscope as sy, tempfile, pathlib
    >>> model = sy.decompose(np.array([0.0, 1.0, 1.0, 4.0]))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = sy.write_report(pathlib.Path(folder) / "page.html", model, title="Two players")
    ...     page.read_text(encoding="utf-8")[:15]
    '<!doctype html>'
    """
    from symbolscope.evidence.faithfulness import Faithfulness
    from symbolscope.evidence.left_out import NotAssessed

    destination = _checked_path(path)
    models, studies, measured = _checked_items(items)
    if evidence is not None:
        evidence = ListOf(InstanceOf((Faithfulness, NotAssessed), "what sy.assess returned"), "reports").read(
            "evidence", evidence
        )
    if evidence is not None and len(evidence) != len(models):
        raise SymbolscopeError(
            f"evidence must hold one report per explanation; got {len(evidence)} for {len(models)}: type sy.assess_many(models)"
        )
    said: list[Faithfulness | NotAssessed | None] = list(evidence or [None] * len(models))
    if evidence is None and nulls:
        said = [_assessed(model) for model in models]
    page = render_page(models, title or "What the network reads", studies=studies, measured=measured, evidence=said)
    # Lone surrogates, which a broken tokenizer can produce, have no UTF-8: they become "?" rather than an error.
    write_whole(destination, page.encode("utf-8", "replace"))
    return destination


def _checked_path(path: str | os.PathLike[str]) -> Path:
    destination = as_path(path)
    check_writable(destination)
    return destination


def _checked_items(
    items: "Sequence[Item] | Item",
) -> "tuple[list[InteractionModel], list[CountingStudy], list[Measured]]":
    from symbolscope.interactions.model import InteractionModel

    models: list[InteractionModel] = []
    studies: list[CountingStudy] = []
    measured: list[Measured] = []
    single = isinstance(items, InteractionModel) or _is_study(items) or _is_measured(items)
    if not single and not is_iterable(items):
        raise SymbolscopeError(
            f"write_report needs one InteractionModel or a list of them; got a {type(items).__name__}: "
            "pass what sy.explain or sy.decompose returned (of a graph: graph.interactions), or what sy.check_emergence, "
            "sy.emergence_over or sy.interaction_dynamics did"
        )
    listed: Iterable[object] = [items] if single else items  # type: ignore[assignment]
    for number, item in enumerate(listed):
        if isinstance(item, InteractionModel):
            models.append(item)
        elif _is_study(item):
            studies.append(item)
        elif _is_measured(item):
            measured.append(item)
        else:
            raise SymbolscopeError(
                f"write_report shows InteractionModels; item {number} is a {type(item).__name__}: "
                "pass what sy.explain, sy.decompose, sy.check_emergence, sy.emergence_over or sy.interaction_dynamics returned, "
                "or a CountingStudy"
            )
    if not models and not studies and not measured:
        raise SymbolscopeError(
            "write_report got an empty list; pass at least one InteractionModel, such as the result of sy.explain(game)"
        )
    return models, studies, measured


def _is_measured(item: object) -> "TypeGuard[Measured]":
    """Whether it is one of the results that are read and not poked."""
    return any(
        isinstance(item, getattr(sys.modules[module], name))
        for module, name in _MEASURED.items()
        if module in sys.modules
    )


def _place(item: "Measured", measured: "Sequence[Measured]") -> int:
    """Its number among those of its class, from 1."""
    return 1 + next(i for i, other in enumerate(one for one in measured if type(one) is type(item)) if other is item)


def _measured_section(item: "Measured", number: int) -> "FiguresSection":
    from symbolscope.emergence.dynamics import InteractionDynamics
    from symbolscope.emergence.emergence_report import EmergenceReport
    from symbolscope.report.conditions_section import conditions_section
    from symbolscope.report.data_set_section import data_set_section
    from symbolscope.report.dynamics_section import dynamics_section

    if isinstance(item, InteractionDynamics):
        return dynamics_section(item, number)
    return conditions_section(item, number) if isinstance(item, EmergenceReport) else data_set_section(item, number)


def _is_study(item: object) -> "TypeGuard[CountingStudy]":
    """Whether it is a study; the state side is imported only if somebody has made one."""
    module = sys.modules.get("symbolscope.report.counting_study")
    return module is not None and isinstance(item, module.CountingStudy)


def _assessed(model: "InteractionModel") -> "Faithfulness | NotAssessed | None":
    """The cheap controls, where the output is known on every mask and there is something to compare."""
    if model.values is None or not len(model.effects):
        return None
    from symbolscope.evidence.assess import assess
    from symbolscope.evidence.left_out import assessed

    return assessed(lambda: assess(model))


def render_page(
    models: "Sequence[InteractionModel]",
    title: str,
    *,
    studies: "Sequence[CountingStudy]" = (),
    measured: "Sequence[Measured]" = (),
    evidence: "Sequence[Faithfulness | NotAssessed | None]" = (),
) -> str:
    """Write the page as text; without evidence it says that nothing was controlled."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    import symbolscope
    from symbolscope.report.section import make_section

    environment = Environment(
        loader=PackageLoader("symbolscope", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script = _source(environment, "page.css"), _source(environment, "page.js")
    known = [*evidence, *[None] * (len(models) - len(evidence))]
    sections = [make_section(model, number, known[number - 1]) for number, model in enumerate(models, start=1)]
    studied: list[StudySection] = []
    if studies:
        from symbolscope.report.study_section import make_study_section

        style += _source(environment, "study.css")
        studied = [make_study_section(study, number) for number, study in enumerate(studies, start=1)]
    # Functions are known before they stand, so the page's script may come first.
    script += "\n" + _source(environment, "study.js")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash(script)}'",
            f"style-src '{_hash(style)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    return environment.get_template("page.html").render(
        title=title,
        policy=policy,
        version=symbolscope.__version__,
        sections=sections,
        studies=studied,
        figures=[_measured_section(item, _place(item, measured)) for item in measured],
        # Our own files, drawings that escape their names and JSON that cannot break out of its element: all that is not escaped.
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        drawings={section.ident: Markup(section.graph.svg) for section in sections if section.graph},  # noqa: S704
        payloads={section.ident: Markup(section.payload) for section in (*sections, *studied)},  # noqa: S704
    )


def _source(environment: "Environment", name: str) -> str:
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0].replace("\r\n", "\n")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
