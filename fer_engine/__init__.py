"""FER Lab's engine: facial-expression recognition on 48x48 grey faces.

`fer_engine.load("net12-svm").predict(image)` is the shortest way in. Importing this package is cheap: torch and
scikit-learn come in with the modules that need them.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fer_engine.predictors import Predictor

__version__ = "0.1.0"


def load(run: str | Path) -> "Predictor":
    """The predictor of a finished run, by its name or the path of its folder.

    Raises:
        fer_engine.errors.FerLabError: Where there is no such run, or it is unfinished.
    """
    from fer_engine.predictors import load_predictor
    from fer_engine.runs.store import finished_run

    return load_predictor(finished_run(run))
