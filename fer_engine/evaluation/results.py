"""What a run of any family leaves of its scores: predictions, calibration and figures."""

from dataclasses import asdict
from pathlib import Path

import numpy as np

from fer_engine.data.faceset import FaceSet
from fer_engine.evaluation.calibration import Calibration, fit_calibration
from fer_engine.evaluation.evaluate import judge, tabulate
from fer_engine.runs import store
from fer_engine.runs.files import replacing, write_json


def write_results(folder: Path, scores: np.ndarray, train: FaceSet, valid: FaceSet) -> Calibration:
    """Write calibration, predictions and metrics of scores (N, 7) of the split that everything is chosen on.

    Args:
        folder: The run's.
        scores: Of the faces of `valid`.
        train: What was learnt from.
        valid: What everything is chosen on.

    Raises:
        FerLabError: Where a file cannot be written.
    """
    split = str(valid.split[0])
    calibration = fit_calibration(scores, np.asarray(valid.labels), split)
    write_json(folder / store.CALIBRATION, calibration.to_dict())
    with replacing(folder / store.PREDICTIONS) as temporary:
        tabulate(scores, valid).to_parquet(temporary, index=False)
    write_json(folder / store.METRICS, {split: asdict(judge(scores, valid, train))})
    return calibration
