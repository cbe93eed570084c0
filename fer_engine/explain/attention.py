"""Where a model looks, over a whole split: the share of its maps on each region of the face, per emotion."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Literal, get_args

import numpy as np

from fer_engine.data.faceset import FaceSet
from fer_engine.errors import FerLabError
from fer_engine.explain.explanation import explain
from fer_engine.explain.gradcam import default_layer
from fer_engine.explain.occlusion import PATCH, STRIDE, Fill, checked_fill, occlusion_map, patch_grid
from fer_engine.explain.regions import REGIONS, area_shares, ratio, region_map, shares
from fer_engine.features.landmarks import landmarks, predictor_file
from fer_engine.labels import NAMES
from fer_engine.predictors import CnnPredictor, Predictor, load_predictor
from fer_engine.runs.store import Run

Way = Literal["gradcam++", "gradcam", "occlusion"]
Of = Literal["answer", "label"]
ALL = "all"  # in place of an emotion
_Z = 1.959963984540054  # the normal distribution's 97.5% point


@dataclass(frozen=True)
class Looking:
    """Which maps to take of which emotion.

    Attributes:
        method: 'gradcam++', 'gradcam' or 'occlusion' (its positive part); None for Grad-CAM++ of a network and occlusion of an SVM.
        of: The emotion that each face's map explains, and that it is counted under: the model's 'answer', or the 'label'.
        layer: The convolutional layer; None for the one that is shown first.
        patch: Side of the occluding patch, pixels.
        stride: Its steps, pixels.
        fill: What it shows: 'blur' or 'mean'.
    """

    method: Way | None = None
    of: Of = "answer"
    layer: str | None = None
    patch: int = PATCH
    stride: int = STRIDE
    fill: Fill = "blur"

    def __post_init__(self) -> None:
        """Refuse what there is not.

        Raises:
            FerLabError: For an unknown method, emotion, fill or patch.
        """
        if self.method is not None and self.method not in get_args(Way):
            raise FerLabError(f"There is no method '{self.method}'; there are {', '.join(get_args(Way))}.")
        if self.of not in get_args(Of):
            raise FerLabError(f"Maps are of the answer or of the label, not of '{self.of}'.")
        checked_fill(self.fill)
        patch_grid(self.patch, self.stride)


@dataclass(frozen=True)
class RegionMean:
    """How much of the maps lies in one region, as a mean over faces.

    Attributes:
        region: One of `fer_engine.explain.regions.REGIONS`.
        share: Mean part of a map's sum; None where there is no face.
        low: Lower end of its 95% interval over faces (normal approximation); None for fewer than two faces.
        high: Upper end.
        area: Mean part of the pixels; None without a face.
        ratio: `share` divided by `area`; None where either is missing.
    """

    region: str
    share: float | None
    low: float | None
    high: float | None
    area: float | None
    ratio: float | None


@dataclass(frozen=True)
class EmotionRegions:
    """The regions of one emotion's faces.

    Attributes:
        emotion: Its name, or 'all'.
        n: Faces that the means are over.
        blank: Further faces, whose map is 0 everywhere.
        regions: In the order of `REGIONS`.
    """

    emotion: str
    n: int
    blank: int
    regions: tuple[RegionMean, ...]


@dataclass(frozen=True)
class RegionReport:
    """Where a run looks in the faces of a split.

    Attributes:
        run: The run's name.
        split: The split.
        data: Content hash of the faces that were taken.
        n: Their number.
        looking: Which maps, of which emotion; method and layer are those that were taken.
        tta: Test-time augmentation, which the maps include: 'none' or 'flip'.
        seconds: How long it took.
        emotions: All faces first, then each emotion.
    """

    run: str
    split: str
    data: str
    n: int
    looking: Looking
    tta: str
    seconds: float
    emotions: tuple[EmotionRegions, ...]

    def to_dict(self) -> dict:
        """Everything, for JSON."""
        tree = asdict(self)
        tree["seconds"] = round(self.seconds, 1)
        if self.looking.method == "occlusion":
            del tree["looking"]["layer"]
        else:
            tree["looking"] = {key: tree["looking"][key] for key in ("method", "of", "layer")}
        return tree

    def rows(self) -> list[dict]:
        """A flat row for each emotion and region, for a table."""
        head = {"run": self.run, "split": self.split, "method": self.looking.method, "layer": self.looking.layer, "of": self.looking.of}
        return [
            head | {"emotion": item.emotion, "n": item.n, "blank": item.blank} | asdict(region)
            for item in self.emotions
            for region in item.regions
        ]


def region_report(
    run: Run,
    faces: FaceSet,
    split: str,
    looking: Looking | None = None,
    *,
    limit: int = 0,
    progress: Callable[[float, str], None] = lambda *_: None,
) -> RegionReport:
    """Share of a run's maps on each region of the face, as means over the faces of a split, per emotion.

    Args:
        run: A finished run.
        faces: The data set.
        split: The split.
        looking: Which maps, of which emotion.
        limit: Take this many faces, evenly spread over the split; 0 for all.
        progress: Called with the share done and what is being done.

    Raises:
        FerLabError: Where the split has no faces, landmarks are missing, or an SVM is asked for the map of a layer.
    """
    predictor_file()  # before minutes of work
    part = faces.part(split)
    if limit < 0:
        raise FerLabError(f"limit is {limit}; it is a number of faces, or 0 for all.")
    if limit and limit < len(part):
        part = part.take(np.linspace(0, len(part) - 1, limit).round().astype(int))
    began = time.perf_counter()
    predictor = load_predictor(run)
    looking = _settled(looking or Looking(), predictor)
    found, sizes, emotions = [], [], []
    for number, (face, label) in enumerate(zip(np.ascontiguousarray(part.images), part.labels, strict=True)):
        regions = region_map(landmarks(face[None])[0])
        emotion, heat = _heat(predictor, face, int(label) if looking.of == "label" else None, looking)
        found.append(shares(heat, regions))
        sizes.append(area_shares(regions))
        emotions.append(NAMES.index(emotion))
        progress((number + 1) / len(part), f"Face {number + 1:,} of {len(part):,}")
    means = _means(np.array(found), np.array(sizes), np.array(emotions))
    seconds = time.perf_counter() - began
    return RegionReport(run.name, split, part.content_hash, len(part), looking, predictor.tta, seconds, means)


def _settled(looking: Looking, predictor: Predictor) -> Looking:
    """With the method and the layer that will be taken."""
    if looking.method == "occlusion" or (looking.method is None and not isinstance(predictor, CnnPredictor)):
        if looking.layer:
            raise FerLabError("Occlusion asks the whole model and knows no layers: leave out --layer, or take --method gradcam++.")
        return replace(looking, method="occlusion", layer=None)
    if not isinstance(predictor, CnnPredictor):
        raise FerLabError(f"{looking.method} needs the layers of a network, and this run is none. Take --method occlusion.")
    return replace(looking, method=looking.method or "gradcam++", layer=looking.layer or default_layer(predictor.model.stages))


def _heat(predictor: Predictor, face: np.ndarray, label: int | None, looking: Looking) -> tuple[str, np.ndarray]:
    """The emotion that a face's map is of, and the map (48, 48)."""
    if looking.method == "occlusion":
        hidden = occlusion_map(predictor, face, target=label, patch=looking.patch, stride=looking.stride, fill=looking.fill)
        return hidden.target, hidden.evidence.map_48
    assert looking.layer is not None and looking.method is not None
    told = explain(predictor, face, target=label, layers=[looking.layer], method=looking.method)
    return told.target, told.cams[looking.layer].map_48


def _means(found: np.ndarray, sizes: np.ndarray, emotions: np.ndarray) -> tuple[EmotionRegions, ...]:
    """The means over all faces and over those of each emotion, of shares and areas (N, 6)."""
    everything = np.ones(len(emotions), bool)
    groups = [(ALL, everything)] + [(name, emotions == number) for number, name in enumerate(NAMES)]
    return tuple(_mean(name, found[rows], sizes[rows]) for name, rows in groups)


def _mean(emotion: str, found: np.ndarray, sizes: np.ndarray) -> EmotionRegions:
    known = ~np.isnan(found).any(1)
    values, area = found[known], sizes[known]
    n = len(values)
    regions = []
    for number, name in enumerate(REGIONS):
        if not n:
            regions.append(RegionMean(name, None, None, None, None, None))
            continue
        share, part = float(values[:, number].mean()), float(area[:, number].mean())
        half = _Z * float(values[:, number].std(ddof=1)) / n**0.5 if n > 1 else None
        low, high = (None, None) if half is None else (max(0.0, share - half), min(1.0, share + half))
        regions.append(RegionMean(name, share, low, high, part, ratio(share, part)))
    return EmotionRegions(emotion, n, int((~known).sum()), tuple(regions))
