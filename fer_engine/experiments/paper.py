"""The paper's recipe and its figures as printed, as data (Gummidela, Donepudi and Rodda; sections III.C, V and VI)."""

from dataclasses import dataclass, replace

from fer_engine.experiments.spec import NO_AUGMENTATION, CnnSpec, Head, OptimizerSpec, ScheduleSpec
from fer_engine.models import registry


def recipe(model: str, head: Head = "softmax") -> CnnSpec:
    """How the paper trains a network, as far as it says.

    Its own: AdaDelta, batch 300, the net's dropout, no augmentation, no normalisation, stopped where the validation loss is
    least. It is silent on the learning rate (1, as AdaDelta was proposed), the number of epochs (30, as its curves
    show) and the patience (5).
    """
    return CnnSpec(
        model=model,
        network=replace(registry.entry(model).config, norm="none"),
        head=head,
        optimizer=OptimizerSpec(name="adadelta", lr=1.0, momentum=0.0, nesterov=False, weight_decay=0.0),
        schedule=ScheduleSpec(name="constant", warmup=0.0),
        batch_size=300,
        epochs=30,
        patience=5,
        monitor="valid_loss",
        augment=NO_AUGMENTATION,
        label_smoothing=0.0,
        tta="none",
    )


@dataclass(frozen=True)
class Printed:
    """A figure of the paper.

    Attributes:
        text: As printed: '0.6032', '39.98'.
        source: Where: 'Table VI'.
    """

    text: str
    source: str

    @property
    def share(self) -> float:
        """The figure from 0 to 1; the paper prints some accuracies as shares and some as percent."""
        value = float(self.text)
        return value / 100 if value > 1 else value


@dataclass(frozen=True)
class Summary:
    """A row of Table IV: averages over the emotions as the paper prints them, and the accuracy."""

    precision: Printed
    recall: Printed
    f1: Printed
    accuracy: Printed


@dataclass(frozen=True)
class ClassFigures:
    """A row of Fig. 6: one emotion of PrivateTest, by the SVM on principal components."""

    precision: float
    recall: float
    f1: float
    support: int


def _printed(source: str, **figures: str) -> dict[str, Printed]:
    return {name: Printed(text, source) for name, text in figures.items()}


def _summary(*texts: str) -> Summary:
    return Summary(*(Printed(text, "Table IV") for text in texts))


# Table I, percent.
SVMS = _printed("Table I", pca="39.98", hog="48.2")
# Table II: what it names of the best model, the 12-layer network.
BEST = {"batch_size": 300, "kernel": 3, "optimizer": "adadelta", "dropout": 0.5}
# Table III: softmax, multiclass SVM.
HEADS = {
    "net2": (Printed("0.562", "Table III"), Printed("0.569", "Table III")),
    "net5": (Printed("0.611", "Table III"), Printed("0.618", "Table III")),
    "net12": (Printed("0.639", "Table III"), Printed("0.645", "Table III")),
}
# Table IV: average precision, recall, F1; accuracy in percent.
MODELS = {
    "svm-pca": _summary("0.37", "0.38", "0.35", "39.98"),
    "svm-hog-landmarks": _summary("1.0", "0.48", "0.65", "48.2"),
    "net2": _summary("0.55", "0.56", "0.55", "56.2"),
    "net5": _summary("0.62", "0.62", "0.62", "61.1"),
    "net12": _summary("0.63", "0.64", "0.63", "63.9"),
    "net12-svm": _summary("0.64", "0.64", "0.64", "64.5"),
}
OPTIMIZERS = _printed("Table V", adadelta="0.611", sgd="0.630", adam="0.588", rmsprop="0.584")
BATCHES = {size: Printed(text, "Table VI") for size, text in ((32, "0.607"), (100, "0.6032"), (300, "0.6132"), (500, "0.5764"))}
# The text has the figure without dropout; the table begins at 0.1.
DROPOUTS = {0.0: Printed("0.55", "section VI.B.3")} | {
    share: Printed(text, "Table VII") for share, text in ((0.1, "0.566"), (0.25, "0.583"), (0.4, "0.601"), (0.5, "0.63"))
}
FILTERS = {
    (64, 64, 64, 64, 64): Printed("0.586", "Table VIII"),
    (128, 128, 128, 64, 64): Printed("0.612", "Table VIII"),
    (64, 64, 64, 128, 128): Printed("0.608", "Table VIII"),
}
# Fig. 6, by emotion in FER2013's order.
SVM_CLASSES = (
    ClassFigures(0.29, 0.14, 0.19, 491),
    ClassFigures(0.00, 0.00, 0.00, 55),
    ClassFigures(0.35, 0.13, 0.19, 528),
    ClassFigures(0.41, 0.75, 0.53, 879),
    ClassFigures(0.27, 0.26, 0.27, 594),
    ClassFigures(0.61, 0.40, 0.48, 416),
    ClassFigures(0.35, 0.41, 0.38, 626),
)


def implied_accuracy(classes: tuple[ClassFigures, ...] = SVM_CLASSES) -> float:
    """The accuracy, from 0 to 1, that recalls and supports come to: the mean recall, weighted by support."""
    return sum(row.recall * row.support for row in classes) / sum(row.support for row in classes)


@dataclass(frozen=True)
class Inconsistency:
    """Figures of the paper that cannot all be right, or that its words do not agree with.

    Attributes:
        words: What is wrong, a sentence.
        figures: The figures it is about.
        studies: Names of the studies whose reader should know.
    """

    words: str
    figures: tuple[Printed, ...]
    studies: tuple[str, ...]


INCONSISTENCIES = (
    Inconsistency(
        "The paper's base (5 layers, AdaDelta, batch 300, dropout 0.4) has four scores: 0.601 in Table VII, 0.608 in Table VIII, 0.611 in "
        "Tables III and V, 0.613 in Table VI and in the text on AdaDelta. Each difference between heads in Table III is smaller than that.",
        (DROPOUTS[0.4], FILTERS[64, 64, 64, 128, 128], OPTIMIZERS["adadelta"], BATCHES[300], Printed("0.613", "section VI.B.1")),
        ("heads", "optimizers", "batch", "dropout", "filters", "convolutions", "hidden"),
    ),
    Inconsistency(
        f"The recalls and supports of Fig. 6 come to an accuracy of {100 * implied_accuracy():.1f}%, where Tables I and IV have 39.98.",
        (SVMS["pca"], MODELS["svm-pca"].accuracy),
        ("svms", "models"),
    ),
    Inconsistency(
        "Table IV has an average precision of 1.0 at 48.2% accuracy for HOG and landmarks, which cannot be: wrong answers lower the "
        "precision of the emotions that were answered.",
        (MODELS["svm-hog-landmarks"].precision, MODELS["svm-hog-landmarks"].accuracy),
        ("svms", "models"),
    ),
    Inconsistency(
        "Table IV has 61.1% for the 5-layer network at its best, while Table V (SGD) and Table VII (dropout 0.5) have 0.63 for it.",
        (MODELS["net5"].accuracy, OPTIMIZERS["sgd"], DROPOUTS[0.5]),
        ("models", "optimizers", "dropout"),
    ),
    Inconsistency(
        "The text has accuracy fall again with a dropout above 0.5; Table VII ends at 0.5, so that no figure shows it.",
        (DROPOUTS[0.5],),
        ("dropout",),
    ),
    Inconsistency(
        "The text has filters that increase with depth perform better; in Table VIII those that decrease are ahead, 0.612 to 0.608.",
        (FILTERS[128, 128, 128, 64, 64], FILTERS[64, 64, 64, 128, 128]),
        ("filters",),
    ),
    Inconsistency("Section III.C gives the 12-layer network a dropout of 0.4, Table II one of 0.5.", (), ("best", "models")),
)
