"""Ablation studies as data: the paper's, each row with the figure that the paper prints for it.

A study takes a base and changes one thing of it in each row (an optimizer comes with its learning rate and momentum).
Rows whose specs are equal are one run, whatever study asks for it: the run is known by its spec's hash. Our own studies
are in `studies_own`.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from fer_engine.errors import FerLabError
from fer_engine.experiments import paper
from fer_engine.experiments.paper import Printed, Summary
from fer_engine.experiments.spec import RunSpec, override
from fer_engine.experiments.svm_lab import svm_recipe


@dataclass(frozen=True)
class Row:
    """A setting of a study.

    Attributes:
        key: Short name: of the setting for the command line, and in the names of its runs.
        title: The setting as a table has it.
        spec: What is trained, by seed 0 and on data that is still open.
        printed: The paper's accuracy, or None where it prints none.
        note: What to know of it, a sentence; may be empty.
        summary: The paper's averages over the emotions, or None where it prints none.
    """

    key: str
    title: str
    spec: RunSpec
    printed: Printed | None = None
    note: str = ""
    summary: Summary | None = None


@dataclass(frozen=True)
class Claim:
    """A conclusion, and the differences that it rests on.

    Attributes:
        words: What is said, without a full stop.
        source: Who says it, as a sentence begins: "The paper's conclusion".
        pairs: (better, worse), keys of rows: it holds where the first is the more accurate of every pair.
    """

    words: str
    source: str
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Study:
    """A study.

    Attributes:
        name: How the command line calls it.
        title: What people call it.
        source: Where it stands in the paper, or whose it is.
        rows: Its settings. Where there is no claim, each is held against the first.
        claim: What is concluded, or None.
        seeds: Runs of each setting that it asks for.
        notes: What to know of all rows, a sentence each.
    """

    name: str
    title: str
    source: str
    rows: tuple[Row, ...]
    claim: Claim | None = None
    seeds: int = 1
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse keys that stand for nothing or for two things.

        Raises:
            ValueError: Naming them.
        """
        keys = [row.key for row in self.rows]
        strange = {key for pair in self.pairs for key in pair} - set(keys)
        if len(set(keys)) < len(keys) or strange:
            raise ValueError(f"The study '{self.name}' has a key twice, or a claim on rows it has not: {keys}, {strange}.")

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The pairs of rows that are tested: those of the claim, or each row against the first where it is another run."""
        if self.claim:
            return self.claim.pairs
        return tuple((row.key, self.rows[0].key) for row in self.rows[1:] if row.spec != self.rows[0].spec)

    @property
    def base(self) -> Row | None:
        """The row that the others change something of; None where the rows are of several models, none of them the base."""
        if len({row.spec.model for row in self.rows}) > 1:
            return None
        return next((row for row in self.rows if row.key == "base" or row.key.startswith("ours-")), self.rows[0])

    def row(self, wanted: str) -> Row:
        """The row of that key, of that key without the study's name, or of that title.

        Raises:
            FerLabError: Where there is none.
        """
        for row in self.rows:
            if wanted in (row.key, row.title) or row.key == f"{self.name}-{wanted}":
                return row
        raise FerLabError(f"The study '{self.name}' has no row '{wanted}'; it has {', '.join(row.key for row in self.rows)}.")


PAPERS = "The paper's conclusion"
BASE = paper.recipe("net5")


def changed(key: str, title: str, changes: dict[str, Any], printed: Printed | None = None, note: str = "") -> Row:
    """A row that changes some fields of the paper's base; 'base' where it changes nothing."""
    spec = override(BASE, changes)
    return Row("base" if spec == BASE else key, title, spec, printed, note)


def _heads() -> Study:
    rows: list[Row] = []
    for model, (softmax, svm) in paper.HEADS.items():
        rows.append(Row("base" if model == "net5" else f"{model}-softmax", f"{model}, softmax", paper.recipe(model), softmax))
        rows.append(Row(f"{model}-svm", f"{model}, SVM", paper.recipe(model, "svm"), svm))
    pairs = (("net2-svm", "net2-softmax"), ("net5-svm", "base"), ("net12-svm", "net12-softmax"))
    words = "an SVM on top is more accurate than softmax, for each of the three networks"
    return Study("heads", "Softmax or SVM", "Table III", tuple(rows), Claim(words, PAPERS, pairs))


def _optimizers() -> Study:
    # The paper says that it chose the best learning rates and prints none. Each of these had the least validation loss
    # of those tried after three epochs of the base: docs/studies/rates.csv.
    printed = paper.OPTIMIZERS
    rows = (
        changed("adadelta", "AdaDelta, rate 1", {}, printed["adadelta"], _chosen("0.3 and 1")),
        _optimizer("sgd-momentum", "SGD, momentum 0.9, rate 0.03", ("sgd", 0.03, 0.9), printed["sgd"], _chosen("0.01, 0.03 and 0.1")),
        _optimizer("adam", "Adam, rate 0.001", ("adam", 0.001, 0.0), printed["adam"], _chosen("0.0003, 0.001 and 0.003")),
        _optimizer("rmsprop", "RMSprop, rate 0.0003", ("rmsprop", 0.0003, 0.0), printed["rmsprop"], _chosen("0.0001, 0.0003 and 0.001")),
        _optimizer("sgd", "SGD, no momentum, rate 0.1", ("sgd", 0.1, 0.0), None, _chosen("0.03, 0.1 and 0.3")),
    )
    pairs = tuple(("sgd-momentum", other) for other in ("base", "adam", "rmsprop"))
    claim = Claim("SGD with momentum 0.9 is more accurate than AdaDelta, Adam and RMSprop", PAPERS, pairs)
    return Study("optimizers", "Optimizers", "Table V", rows, claim)


def _chosen(tried: str) -> str:
    return f"Of the learning rates {tried} this one had the least validation loss after three epochs."


def _optimizer(key: str, title: str, settings: tuple[str, float, float], printed: Printed | None, note: str) -> Row:
    name, lr, momentum = settings
    return changed(key, title, {"optimizer.name": name, "optimizer.lr": lr, "optimizer.momentum": momentum}, printed, note)


def _batch() -> Study:
    rows = tuple(changed(f"batch-{size}", str(size), {"batch_size": size}, printed) for size, printed in paper.BATCHES.items())
    pairs = tuple(("base", f"batch-{size}") for size in (32, 100, 500))
    return Study("batch", "Batch size", "Table VI", rows, Claim("batches of 300 are the best of the four", PAPERS, pairs))


def _dropout() -> Study:
    rows = tuple(
        changed(f"dropout-{share:g}", f"{share:g}", {"network.dropout": share}, printed) for share, printed in paper.DROPOUTS.items()
    )
    keys = [row.key for row in rows]
    pairs = tuple((more, less) for less, more in pairwise(keys))
    return Study("dropout", "Dropout", "Table VII", rows, Claim("accuracy rises with each step of dropout up to 0.5", PAPERS, pairs))


def _filters() -> Study:
    names = ("equal", "decreasing", "increasing")
    rows = tuple(
        changed(f"filters-{name}", "-".join(map(str, widths)), {"network.widths": widths}, printed)
        for name, (widths, printed) in zip(names, paper.FILTERS.items(), strict=True)
    )
    pairs = (("base", "filters-equal"), ("base", "filters-decreasing"))
    claim = Claim("filters that increase with depth are better than equal and than decreasing ones", PAPERS, pairs)
    return Study("filters", "Filters per layer", "Table VIII", rows, claim)


def _convolutions() -> Study:
    widths = BASE.config.widths
    rows = tuple(
        changed(f"conv-{number}", str(number), {"network.widths": (*widths, *[widths[-1]] * (number - len(widths)))[:number]})
        for number in (2, 3, 4, 5, 7, 9)
    )
    note = "The paper prints no figures here but those of its three networks (Table III), which differ in more than their depth."
    claim = Claim(
        "accuracy rises as convolutional layers are added, here from 2 to 5 to 9", PAPERS, (("base", "conv-2"), ("conv-9", "base"))
    )
    return Study("convolutions", "Convolutional layers", "section VI.B.5", rows, claim, notes=(note,))


def _hidden() -> Study:
    sizes = ((), (1024,), (1024, 512), (1024, 512, 256))
    rows = tuple(changed(f"hidden-{len(units)}", ", ".join(map(str, units)) or "none", {"network.hidden": units}) for units in sizes)
    note = "The paper prints no figures here, and does not say whether its two layers count the one that gives the scores."
    pairs = tuple(("base", f"hidden-{number}") for number in (0, 1, 3))
    claim = Claim("two hidden fully connected layers are best", PAPERS, pairs)
    return Study("hidden", "Hidden fully connected layers", "section VI.B.6", rows, claim, notes=(note,))


def _svms() -> Study:
    rows = (_SVM_PCA, _SVM_HOG)
    claim = Claim("HOG and landmarks are better than principal components", PAPERS, (("svm-hog-landmarks", "svm-pca"),))
    return Study("svms", "SVMs", "Table I", rows, claim)


_SVM_PCA = Row(
    "svm-pca", "SVM on 200 principal components", svm_recipe("svm-pca-paper"), paper.SVMS["pca"], "Whitened, on which the paper is silent."
)
_SVM_HOG = Row(
    "svm-hog-landmarks",
    "SVM on HOG and landmarks",
    svm_recipe("svm-hog-landmarks-paper"),
    paper.SVMS["hog"],
    "The same hyper-parameters, the paper says; how it scales the features it does not.",
)


def _best() -> Study:
    base = paper.recipe("net12")
    table: dict[str, Any] = {
        "batch_size": paper.BEST["batch_size"],
        "network.kernel": paper.BEST["kernel"],
        "optimizer.name": paper.BEST["optimizer"],
        "network.dropout": paper.BEST["dropout"],
    }
    rows = (
        Row("net12-softmax", "dropout 0.4, as in section III.C", base),
        Row("net12-dropout-0.5", "dropout 0.5, as in Table II", override(base, table)),
    )
    note = "Table II prints settings of the 12-layer network and no figure."
    return Study("best", "The best model's settings", "Table II", rows, notes=(note,))


def _models() -> Study:
    figures = paper.MODELS
    specs: dict[str, tuple[str, RunSpec]] = {
        "svm-pca": (_SVM_PCA.title, _SVM_PCA.spec),
        "svm-hog-landmarks": (_SVM_HOG.title, _SVM_HOG.spec),
        "net2": ("net2, softmax", paper.recipe("net2")),
        "net5": ("net5, softmax", BASE),
        "net12": ("net12, softmax", paper.recipe("net12")),
        "net12-svm": ("net12, SVM", paper.recipe("net12", "svm")),
    }
    keys = {"net2": "net2-softmax", "net5": "base", "net12": "net12-softmax"}
    rows = tuple(
        Row(keys.get(name, name), title, spec, figures[name].accuracy, summary=figures[name]) for name, (title, spec) in specs.items()
    )
    pairs = tuple(("net12-svm", row.key) for row in rows[:-1])
    claim = Claim("the 12-layer network topped by an SVM is the best of the six", PAPERS, pairs)
    note = "Precision, recall and F1 are means over the emotions, weighted by their faces, as the paper's."
    return Study("models", "The best of each model", "Table IV", rows, claim, notes=(note,))


PAPER_STUDIES: tuple[Study, ...] = tuple(
    make() for make in (_svms, _best, _heads, _models, _optimizers, _batch, _dropout, _filters, _convolutions, _hidden)
)
