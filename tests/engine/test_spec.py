"""Specs: round trip, hash, overrides and the sentences of what makes no sense."""

import datetime
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_engine.errors import FerLabError
from fer_engine.experiments import lab, paper
from fer_engine.experiments.spec import AugmentSpec, CnnSpec, OptimizerSpec, from_json, override, to_json, with_data
from fer_engine.models import registry
from fer_engine.models.config import NetworkConfig

SPECS = st.builds(
    CnnSpec,
    model=st.sampled_from(["net5", "net12"]),
    head=st.sampled_from(["softmax", "svm"]),
    optimizer=st.builds(OptimizerSpec, name=st.sampled_from(["sgd", "adam"]), lr=st.floats(1e-6, 10)),
    batch_size=st.integers(2, 4096),
    epochs=st.integers(1, 500),
    augment=st.builds(AugmentSpec, flip=st.booleans(), rotation=st.floats(0, 45)),
    sizes=st.sampled_from([(48,), (36, 48), (40, 44, 48)]),
    seed=st.integers(0, 2**31 - 1),
)


@given(SPECS)
def test_any_spec_goes_to_json_and_back_with_its_hash(spec):
    again = from_json(to_json(spec))
    assert again == spec
    assert again.hash == spec.hash


@given(SPECS, st.integers(0, 1000))
def test_another_seed_is_another_run(spec, seed):
    other = replace(spec, seed=seed)
    assert (other.hash == spec.hash) == (seed == spec.seed)


def test_spec_says_every_layer_even_where_the_default_is_meant():
    assert '"widths"' in to_json(CnnSpec(model="net12"))
    assert CnnSpec(model="net12").config == registry.entry("net12").config


def test_override_changes_nested_fields_and_nothing_else():
    base = lab.recipe("net5")
    changed = override(base, {"optimizer.lr": 0.5, "network.widths": [8, 8, 8], "epochs": 2})
    assert (changed.optimizer.lr, changed.config.widths, changed.epochs) == (0.5, (8, 8, 8), 2)
    network = replace(base.config, widths=(8, 8, 8))
    assert changed == replace(base, optimizer=replace(base.optimizer, lr=0.5), network=network, epochs=2)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"epochs": 0}, "epochs is 0; it must be at least 1."),
        ({"epochs": "many"}, "epochs: input should be a valid integer, unable to parse string as an integer, not 'many'."),
        ({"monitor": "luck"}, "monitor: input should be 'valid_loss', 'valid_accuracy', 'valid_macro_f1' or 'last', not 'luck'."),
        ({"network.kernel": 4}, "network.kernel is 4; it must be odd and positive, so that a kernel has a centre."),
        ({"model": "net12"}, "model is net5 here, and its layers are set; begin with the other network instead (--model)."),
        ({"optimizer.lr": float("inf")}, "optimizer.lr is inf; a learning rate is a number above 0."),
        ({"seed": 2**40}, f"seed is {2**40}; it is a whole number from 0 to {2**31 - 1}."),
        ({"data.valid": "Training"}, "data.train and data.valid are both Training; what is learnt from cannot choose."),
        ({"optimizer.lr": -1}, "optimizer.lr is -1.0; a learning rate is a number above 0."),
        ({"batch_size": 1}, "batch_size is 1, but batch normalisation needs at least 2 faces. Raise it, or set network.norm to 'none'."),
        ({"augment.rotation": 999}, "augment.rotation is 999.0; it goes from 0 to 180."),
        (
            {"network.unpadded": 5, "network.pool_after": [1, 2, 3]},
            "network: nothing of a face of 32 pixels is left at conv4. "
            "Choose fewer layers in network.widths, fewer poolings in network.pool_after, or fewer in network.unpadded.",
        ),
        (
            {"network.average_pool": 0},
            "sizes has 32, but without network.average_pool the network takes faces of 48 pixels alone.",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_field(changes, sentence):
    with pytest.raises(FerLabError) as caught:
        override(lab.recipe("net5"), changes)
    assert str(caught.value) == sentence


def test_unknown_field_is_refused_and_the_known_ones_are_named():
    with pytest.raises(FerLabError, match=r"no field 'optimizer\.speed'.*optimizer\.lr"):
        override(CnnSpec(), {"optimizer.speed": 1})
    with pytest.raises(FerLabError, match="no field 'colour'"):
        from_json('{"colour": 1}')


def test_unknown_network_is_refused_and_the_known_ones_are_named():
    with pytest.raises(FerLabError, match="no network 'net7'; there are net2, net5, net12"):
        CnnSpec(model="net7")


def test_name_of_the_data_identifies_nothing():
    assert with_data(CnnSpec(), "a", "b", "fer2013").hash == with_data(CnnSpec(), "a", "b", "my copy").hash
    assert with_data(CnnSpec(), "a", "b", "x").hash != with_data(CnnSpec(), "a", "c", "x").hash


def test_no_json_is_refused_with_a_sentence():
    with pytest.raises(FerLabError):
        from_json("not json")


def test_paper_recipe_is_the_papers():
    spec = paper.recipe("net5")
    assert (spec.optimizer.name, spec.batch_size, spec.config.dropout, spec.config.norm) == ("adadelta", 300, 0.4, "none")
    assert spec.augment.off
    assert (spec.monitor, spec.patience, spec.tta) == ("valid_loss", 5, "none")


def test_reference_runs_that_start_from_another_come_after_it():
    seen = set()
    for reference in lab.REFERENCE.values():
        assert not reference.starts_from or reference.starts_from in seen
        seen.add(reference.name)
    assert len(seen) == 6


def test_hash_stays_what_it_is():
    """Runs are known by it: a new field joins with a default that does nothing, and no default ever changes."""
    assert CnnSpec(model="net2", network=NetworkConfig(widths=(8, 8))).hash == "fb586334858d"


def test_a_value_that_json_does_not_know_is_a_sentence():
    with pytest.raises(FerLabError, match="epochs has a value of a kind that no field takes: 2026-01-01"):
        override(lab.recipe("net5"), {"seed": 1, "epochs": datetime.date(2026, 1, 1)})
