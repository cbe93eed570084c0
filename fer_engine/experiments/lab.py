"""Our own recipes, as data.

The six reference runs in `checkpoints/` come of `REFERENCE` and of

    python -m fer_engine train --recipe reference --model net12 --head softmax --name net12-softmax

(and so on; a `-svm` run needs its `-softmax` run first, since it starts from its weights). What the paper has on
PrivateTest stands beside each.
"""

from dataclasses import dataclass, replace

from fer_engine.experiments.spec import AugmentSpec, CnnSpec, Head, OptimizerSpec, ScheduleSpec


@dataclass(frozen=True)
class Reference:
    """A run that ships with the project.

    Attributes:
        name: Its name in `checkpoints/`.
        spec: What it is trained by, the data's hashes and `start` still open.
        paper_accuracy: The paper's figure (Table III), PrivateTest.
        starts_from: Name of the reference run whose weights it starts from, or empty.
    """

    name: str
    spec: CnnSpec
    paper_accuracy: float
    starts_from: str = ""


# Few epochs, most of them on small faces: the nets average their last maps, so that a face of 36 pixels, which costs
# half of one of 48, teaches them nearly as much.
_SMALL_FIRST = (36, 40, 40, 44, 48)
_AUGMENT = AugmentSpec(flip=True, rotation=10, scale=0.1, shift=0.08, light=0.2)


def _softmax(model: str, epochs: int, batch_size: int, sizes: tuple[int, ...], lr: float) -> CnnSpec:
    return CnnSpec(
        model=model,
        head="softmax",
        optimizer=OptimizerSpec(name="sgd", lr=lr, momentum=0.9, nesterov=True, weight_decay=5e-4),
        schedule=ScheduleSpec(name="onecycle", warmup=0.2),
        batch_size=batch_size,
        epochs=epochs,
        sizes=sizes,
        augment=_AUGMENT,
        label_smoothing=0.1,
    )


def _svm(softmax: CnnSpec) -> CnnSpec:
    """The same network under seven one-vs-all SVMs: all layers go on from the softmax run's weights, at a tenth of its rate."""
    return replace(
        softmax,
        head="svm",
        label_smoothing=0.0,
        optimizer=replace(softmax.optimizer, lr=softmax.optimizer.lr / 10),
        epochs=3,
        sizes=(48,),
    )


_NET2 = _softmax("net2", epochs=10, batch_size=128, sizes=(48,), lr=0.05)
_NET5 = _softmax("net5", epochs=10, batch_size=64, sizes=_SMALL_FIRST, lr=0.04)
_NET12 = _softmax("net12", epochs=10, batch_size=64, sizes=_SMALL_FIRST, lr=0.04)

REFERENCE: dict[str, Reference] = {
    item.name: item
    for item in (
        Reference("net2-softmax", _NET2, 56.2),
        Reference("net2-svm", _svm(_NET2), 56.9, starts_from="net2-softmax"),
        Reference("net5-softmax", _NET5, 61.1),
        Reference("net5-svm", _svm(_NET5), 61.8, starts_from="net5-softmax"),
        Reference("net12-softmax", _NET12, 63.9),
        Reference("net12-svm", _svm(_NET12), 64.5, starts_from="net12-softmax"),
    )
}


def reference(model: str, head: Head) -> Reference | None:
    """The reference run of a network and a head, if there is one."""
    return REFERENCE.get(f"{model}-{head}")
