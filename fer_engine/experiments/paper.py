"""The paper's recipe, as data (Gummidela, Donepudi and Rodda; sections III.C, V and VI)."""

from dataclasses import replace

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
