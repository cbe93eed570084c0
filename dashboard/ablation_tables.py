"""Tables of an ablation study, as they are shown and as they are taken away. No Streamlit here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.ablation_charts import Mark
from dashboard.compare_charts import Difference
from dashboard.compare_tables import p_value, points, points_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from fer_engine.ablations.results import Conclusion, RowResult
    from fer_engine.experiments.studies import Study

_TESTED = (
    "Each on the same faces and by the same seeds. One seed: McNemar's exact test and a paired bootstrap over faces. Several: the variance "
    "over faces and that over seeds are added, and one face to either side is allowed for."
)


def tested(conclusion: Conclusion) -> str:
    """How the differences of a conclusion were tested."""
    if conclusion.verdict is None:
        return f"{_TESTED} p is corrected after Holm for their number."
    return (
        f"{_TESTED} p is not corrected for their number, since a conclusion holds where all of them do; where the first is behind, it "
        "counts as more than chance after Holm's correction."
    )


def titled(frame: pd.DataFrame) -> pd.DataFrame:
    """A table whose columns begin with capital letters, but for n and p."""
    frame.columns = [name if len(name) == 1 else f"{name[0].upper()}{name[1:]}" for name in frame.columns]
    return frame


def results(found: Sequence[RowResult]) -> pd.DataFrame:
    """A row a setting: the paper's figure and ours, with interval, seeds, n, protocol and runs; None where there is nothing."""
    from fer_engine.ablations.results import table

    return titled(table(found))


def caption(study: Study, found: Sequence[RowResult]) -> str:
    """What the table of results shows, and by which protocol."""
    protocols = "; ".join(dict.fromkeys(result.protocol for result in found if result.protocol)) or "not run"
    return f"{study.title} ({study.source}). Ours: {protocols}. The paper's figures are on PrivateTest, another split."


def marks(found: Sequence[RowResult]) -> list[Mark]:
    """The settings as `ablation_charts.settings` takes them."""
    return [
        Mark(
            result.row.title,
            result.row.printed.share if result.row.printed else None,
            result.accuracy,
            *((result.interval.low, result.interval.high) if result.interval else ()),
        )
        for result in found
    ]


def split_of(found: Sequence[RowResult]) -> str:
    """The split that a study's runs were measured on."""
    return next((next(iter(result.runs[0].metrics)) for result in found if result.runs), "PublicTest")


def differences(conclusion: Conclusion) -> list[Difference]:
    """What a conclusion rests on, as `compare_charts.differences` takes it."""
    from fer_engine.ablations.results import clear

    return [
        Difference(f"{item.better.title} − {item.worse.title}", item.value, item.interval, counts)
        for item, counts in zip(conclusion.differences, clear(conclusion), strict=True)
    ]


def tests(conclusion: Conclusion) -> pd.DataFrame:
    """A row a difference that the conclusion rests on, in points."""
    import pandas as pd

    return pd.DataFrame(
        {
            "Difference": f"{item.better.title} − {item.worse.title}",
            "Points": points(item.value),
            "95% interval": points_interval(item.interval),
            "p": p_value(item.p),
            "Seeds": item.seeds,
            "n": f"{item.n:,}",
        }
        for item in conclusion.differences
    )
