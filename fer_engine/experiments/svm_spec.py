"""SvmSpec: everything that makes a support vector machine on pixels, on HOG and landmarks, or on what a CNN has learnt."""

import re
from typing import ClassVar, Literal

from pydantic.dataclasses import dataclass

from fer_engine.errors import FerLabError
from fer_engine.experiments.parts import STRICT, DataSpec, spec_hash

FeatureKind = Literal["pixels", "hog", "landmarks", "cnn"]
LandmarkForm = Literal["coordinates", "distances", "angles"]
LARGEST = {"pixels": 48 * 48, "cnn": 65_536}  # features of a kind, where that is known beforehand


@dataclass(frozen=True, config=STRICT)
class FeatureSpec:
    """One block of features of a face, and how it is brought to a common scale.

    Attributes:
        kind: 'pixels', 'hog' (histograms of oriented gradients; Dalal and Triggs, 2005), 'landmarks' (the 68 points of
            dlib's predictor) or 'cnn' (the last hidden layer of the network that the run starts from).
        n_components: Principal components that are kept; 0 keeps the features themselves.
        whiten: Give each component the variance 1.
        unit: Divide by one number, so that the block's total variance on the training faces is 1.
        weight: What the block is multiplied by, after that.
        standardise: Give each face's pixels the mean 0 and the deviation 1 (pixels).
        align: Turn, scale and shift each face by its landmarks first; 1 for FER2013's mean size of the inner face, more for a
            closer crop, 0 to leave it as it is (pixels, hog).
        cell: Side of a cell, pixels (hog).
        block: Side of a block that is normalised together, cells (hog).
        orientations: Directions of a gradient that are told apart, over 180 degrees (hog).
        forms: What is made of the points: normalised coordinates, distances, angles (landmarks).
    """

    kind: FeatureKind = "pixels"
    n_components: int = 0
    whiten: bool = False
    unit: bool = True
    weight: float = 1.0
    standardise: bool = False
    align: float = 0.0
    cell: int = 6
    block: int = 2
    orientations: int = 8
    forms: tuple[LandmarkForm, ...] = ("coordinates",)

    def __post_init__(self) -> None:
        """Refuse what cannot be computed."""
        largest = LARGEST.get(self.kind, 100_000)
        if not 0 <= self.n_components <= largest:
            raise FerLabError(f"features.n_components is {self.n_components}; it goes from 1 to {largest}, and 0 keeps all features.")
        if self.whiten and not self.n_components:
            raise FerLabError("features.whiten needs components to whiten; set features.n_components.")
        if not 0 < self.weight < float("inf"):
            raise FerLabError(f"features.weight is {self.weight}; it is a number above 0.")
        if self.align and (not 0.5 <= self.align <= 3 or self.kind not in ("pixels", "hog")):
            raise FerLabError(f"features.align is {self.align}; it is 0, or from 0.5 to 3 for pixels and hog.")
        if self.cell < 2 or 48 % self.cell or not 1 <= self.block <= 48 // self.cell:
            raise FerLabError(f"features.cell is {self.cell} and features.block {self.block}; cells divide 48 pixels, blocks fit in them.")
        if not 2 <= self.orientations <= 36:
            raise FerLabError(f"features.orientations is {self.orientations}; it goes from 2 to 36.")
        if not self.forms:
            raise FerLabError("features.forms is empty; choose of coordinates, distances and angles.")


@dataclass(frozen=True, config=STRICT)
class SvmSpec:
    """A support vector machine, one against one, on features of a face.

    Attributes:
        model: What this combination of features is called, such as 'svm-hog'.
        features: The blocks of features that stand side by side.
        kernel: 'rbf' or 'linear'.
        C: Price of a face on the wrong side of the margin.
        gamma: Width of the radial basis function, per squared distance (rbf).
        class_weight: 'none', or 'balanced' to raise the price of faces of rare emotions in proportion.
        mirror: Learn from the mirror image of each training face, too.
        start: Hash of the spec of the network whose last hidden layer is read; empty where none is.
        tta: Test-time augmentation: 'none', or 'flip' for the mean score of a face and its mirror image.
        seed: Whole number; fitting draws nothing at random, so it tells repeated runs apart and no more.
        data: The data.
        family: Always 'svm'.
    """

    model: str = "svm-pca"
    features: tuple[FeatureSpec, ...] = (FeatureSpec(),)
    kernel: Literal["rbf", "linear"] = "rbf"
    C: float = 1.0
    gamma: float = 1.0
    class_weight: Literal["none", "balanced"] = "none"
    mirror: bool = False
    start: str = ""
    tta: Literal["none", "flip"] = "none"
    seed: int = 0
    data: DataSpec = DataSpec()
    family: Literal["svm"] = "svm"

    # What pages ask of every family.
    head: ClassVar[str] = "classical"
    monitor: ClassVar[str] = "valid_accuracy"
    epochs: ClassVar[int] = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be fitted.

        Raises:
            FerLabError: With a sentence that names the field.
        """
        if not re.fullmatch(r"svm-[a-z0-9-]{1,40}", self.model):
            raise FerLabError(f"model is '{self.model}'; an SVM is called 'svm-' and then small letters, digits and '-'.")
        if not self.features:
            raise FerLabError("features is empty; an SVM needs at least one block of them.")
        for name in ("C", "gamma"):
            if not 0 < getattr(self, name) < float("inf"):
                raise FerLabError(f"{name} is {getattr(self, name)}; it is a number above 0.")
        if not 0 <= self.seed < 2**31:
            raise FerLabError(f"seed is {self.seed}; it is a whole number from 0 to {2**31 - 1}.")
        if self.data.train == self.data.valid:
            raise FerLabError(f"data.train and data.valid are both {self.data.train}; what is learnt from cannot choose.")
        if sum(feature.kind == "cnn" for feature in self.features) > 1:
            raise FerLabError("features has two blocks of the kind 'cnn'; a run reads one network.")

    @property
    def hash(self) -> str:
        """Twelve hexadecimal digits that identify the run, as `parts.spec_hash` makes them."""
        return spec_hash(self)

    @property
    def needs_network(self) -> bool:
        """Whether it reads a network's hidden layer."""
        return any(feature.kind == "cnn" for feature in self.features)

    @property
    def needs_landmarks(self) -> bool:
        """Whether it reads a face's landmarks, or aligns the face by them."""
        return any(feature.kind == "landmarks" or feature.align for feature in self.features)
