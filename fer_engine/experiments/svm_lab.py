"""Our SVMs and the paper's, as data.

The reference runs in `checkpoints/` come of `SVM_REFERENCE`, by one command each:

    python -m fer_engine train --model svm-hog-landmarks --name svm-hog-landmarks
    python -m fer_engine train --model svm-on-net5 --from net5-softmax --name svm-on-net5
"""

from dataclasses import dataclass

from fer_engine.errors import FerLabError
from fer_engine.experiments.svm_spec import FeatureSpec, SvmSpec

_HOG = FeatureSpec(kind="hog", n_components=300, cell=6, block=2, orientations=8)
_POINTS = FeatureSpec(kind="landmarks")

_RECIPES: dict[str, SvmSpec] = {
    item.model: item
    for item in (
        # The paper's: 200 whitened components of the raw pixels, and its best hyper-parameters.
        SvmSpec(model="svm-pca-paper", features=(FeatureSpec(n_components=200, whiten=True, unit=False),), C=1e3, gamma=1e-4),
        SvmSpec(model="svm-pca", features=(FeatureSpec(n_components=150, standardise=True),), C=3, gamma=4),
        SvmSpec(model="svm-hog", features=(_HOG,), C=3, gamma=2),
        SvmSpec(model="svm-landmarks", features=(_POINTS,), C=3, gamma=4),
        SvmSpec(model="svm-hog-landmarks", features=(_HOG, _POINTS), C=3, gamma=2),
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
