"""What the paper says in words and no table of its shows, as data: each a claim on rows of a study, to be judged from runs."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["fastest", "falling", "recall"]


@dataclass(frozen=True)
class TextClaim:
    """A claim of the paper's text.

    Attributes:
        key: Short name.
        words: What is said, without a full stop.
        source: Where, as a sentence goes on: "section VI.B.1".
        kind: How it is judged. 'fastest': the first row converges in fewer epochs than each other one. 'falling': accuracy
            rises with each row, and by less each time. 'recall': each other row finds more of an emotion than the first.
        rows: Keys of the rows that it is about, in the order that the kind asks for.
        studies: Names of the studies that have these rows.
        note: How the claim is taken, and what the paper shows for it.
        emotion: For 'recall', the emotion.
    """

    key: str
    words: str
    source: str
    kind: Kind
    rows: tuple[str, ...]
    studies: tuple[str, ...]
    note: str
    emotion: str = ""


TEXT_CLAIMS = (
    TextClaim(
        "adam-fastest",
        "Adam converges faster than the other optimizers",
        "section VI.B.1",
        "fastest",
        ("adam", "base", "sgd-momentum", "rmsprop", "sgd"),
        ("optimizers",),
        "Counted are the epochs to a run's own least validation loss, and to the shared loss, which all of them reach. A run that stops "
        "early at a high loss is quick by the first count alone, so both must agree, and by two seeds or more. Seconds stand in the table, "
        "as measured beside whatever else the machine did: they tell less.",
    ),
    TextClaim(
        "depth-falling",
        "accuracy rises from 2 to 5 to 12 layers, the second time by less",
        "section VI.B.5",
        "falling",
        ("net2-softmax", "base", "net12-softmax"),
        ("models", "heads"),
        "The three networks differ in more than their depth: in filters, kernels, dropout and fully connected layers.",
    ),
    TextClaim(
        "convolutions-falling",
        "accuracy rises as convolutional layers are added, here from 2 to 5 to 9, the second time by less",
        "section VI.B.5",
        "falling",
        ("conv-2", "base", "conv-9"),
        ("convolutions",),
        "The paper says it of its three networks; here one network's convolutions alone are varied.",
    ),
    TextClaim(
        "disgust-recovers",
        "networks find disgust, which the SVM on principal components does not",
        "section V.B",
        "recall",
        ("svm-pca", "net2-softmax", "base", "net12-softmax"),
        ("models",),
        "Fig. 6 has a recall of 0.00 on 55 faces of PrivateTest for the SVM; of networks the text has almost half of them right.",
        "disgust",
    ),
)


def claims_of(study: str) -> tuple[TextClaim, ...]:
    """The claims of the paper's text on rows of a study, by its name."""
    return tuple(claim for claim in TEXT_CLAIMS if study in claim.studies)
