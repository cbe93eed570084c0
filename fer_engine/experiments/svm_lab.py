"""Our SVMs and the paper's, as data.

The reference runs in `checkpoints/` come of `SVM_REFERENCE`, by one command each:

    python -m fer_engine train --model svm-hog-landmarks --name svm-hog-landmarks
    python -m fer_engine train --model svm-on-net5 --from net5-softmax --name svm-on-net5
"""

from dataclasses import dataclass, replace

from fer_engine.errors import FerLabError
from fer_engine.experiments.svm_spec import FeatureSpec, SvmSpec

_HOG = FeatureSpec(kind="hog", n_components=300, cell=6, block=2, orientations=8)
_CLOSE = replace(_HOG, n_components=200, align=1.3)  # of the face aligned by its landmarks, in a closer crop
_POINTS = FeatureSpec(kind="landmarks")
_PIXELS = FeatureSpec(n_components=100, standardise=True)
_RAW = (replace(_HOG, n_components=250, unit=False), replace(_POINTS, unit=False))
_HIDDEN = FeatureSpec(kind="cnn", n_components=64)

_RECIPES: dict[str, SvmSpec] = {
    item.model: item
    for item in (
        # The paper's: 200 whitened components of the raw pixels, and its best hyper-parameters.
        SvmSpec(model="svm-pca-paper", features=(FeatureSpec(n_components=200, whiten=True, unit=False),), C=1e3, gamma=1e-4),
        SvmSpec(model="svm-pca", features=(_PIXELS,), C=3, gamma=2),
        # Its pixels after the face is turned, scaled and shifted by its landmarks.
        SvmSpec(model="svm-pca-aligned", features=(replace(_PIXELS, n_components=150, align=1.0),), C=3, gamma=2),
        SvmSpec(model="svm-hog", features=(_HOG,), C=3, gamma=2),
        SvmSpec(model="svm-landmarks", features=(_POINTS,), C=3, gamma=4),
        # The same hyper-parameters, the paper says; how it scales the features it does not.
        SvmSpec(model="svm-hog-landmarks-paper", features=_RAW, C=1e3, gamma=1e-4),
        SvmSpec(model="svm-hog-landmarks", features=(_CLOSE, replace(_POINTS, n_components=40, weight=0.7)), C=3, gamma=1),
        SvmSpec(model="svm-on-net2", features=(_HIDDEN,), C=1, gamma=1),
        SvmSpec(model="svm-on-net5", features=(_HIDDEN,), C=1, gamma=1),
        SvmSpec(model="svm-on-net12", features=(_HIDDEN,), C=1, gamma=1),
    )
}


def svm_models() -> tuple[str, ...]:
    """Names of all SVMs that there are recipes for."""
    return tuple(_RECIPES)


def svm_recipe(model: str) -> SvmSpec:
    """The recipe of that name.

    Raises:
        FerLabError: Where there is none.
    """
    if model not in _RECIPES:
        raise FerLabError(f"There is no SVM '{model}'; there are {', '.join(_RECIPES)}.")
    return _RECIPES[model]


@dataclass(frozen=True)
class SvmReference:
    """An SVM that ships with the project.

    Attributes:
        name: Its name in `checkpoints/`.
        spec: What it is fitted by, the data's hashes and `start` still open.
        paper_accuracy: The paper's figure (Table I), percent of PrivateTest; None where it has none.
        starts_from: Name of the reference run whose hidden layer it reads, or empty.
    """

    name: str
    spec: SvmSpec
    paper_accuracy: float | None = None
    starts_from: str = ""


SVM_REFERENCE: dict[str, SvmReference] = {
    item.name: item
    for item in (
        SvmReference("svm-pca-paper", svm_recipe("svm-pca-paper"), 39.98),
        SvmReference("svm-pca", svm_recipe("svm-pca")),
        SvmReference("svm-pca-aligned", svm_recipe("svm-pca-aligned")),
        SvmReference("svm-hog", svm_recipe("svm-hog")),
        SvmReference("svm-landmarks", svm_recipe("svm-landmarks")),
        SvmReference("svm-hog-landmarks-paper", svm_recipe("svm-hog-landmarks-paper"), 48.2),
        SvmReference("svm-hog-landmarks", svm_recipe("svm-hog-landmarks")),
        SvmReference("svm-on-net2", svm_recipe("svm-on-net2"), starts_from="net2-softmax"),
        SvmReference("svm-on-net5", svm_recipe("svm-on-net5"), starts_from="net5-softmax"),
        SvmReference("svm-on-net12", svm_recipe("svm-on-net12"), starts_from="net12-softmax"),
    )
}
