"""Fields as people read them: every field that a form can set has a title, a unit where it is a number, and one line of help."""

from dataclasses import dataclass, field, fields
from typing import Literal

import pytest
from small_runs import small

from fer_engine.experiments.fields import SET_ELSEWHERE, TOLD, spec_fields, title
from fer_engine.experiments.parts import DataSpec
from fer_engine.experiments.spec import CnnSpec, OptimizerSpec, SvmSpec, field_paths
from fer_engine.training.run import settle

FIELDS = {item.path: item for item in spec_fields()}


def test_every_field_of_a_spec_is_there_or_set_elsewhere():
    assert set(FIELDS) | SET_ELSEWHERE == set(field_paths(CnnSpec()))
    assert not set(FIELDS) & SET_ELSEWHERE


def test_no_form_sets_what_is_overwritten_when_the_data_is_there(noise_faces):
    asked = small(**dict.fromkeys(["start", "data.name", "data.train_hash", "data.valid_hash", "data.votes_hash"], "by hand"))
    before, after = field_paths(asked), field_paths(settle(asked, noise_faces))
    overwritten = {path for path in before if before[path] != after[path]}
    assert overwritten == {path for path, value in before.items() if value == "by hand"}
    assert not overwritten & set(FIELDS)
    assert not {f"data.{item.name}" for item in fields(DataSpec)} & set(FIELDS)


def test_nothing_is_told_of_fields_that_do_not_exist():
    assert set(TOLD) <= set(FIELDS) | set(field_paths(SvmSpec()))


@pytest.mark.parametrize("path", FIELDS)
def test_each_has_one_line_of_help_and_numbers_have_a_unit(path):
    told = FIELDS[path].told
    assert told.title
    assert told.help.endswith(".")
    assert "\n" not in told.help
    assert bool(told.unit) == (FIELDS[path].kind in ("whole", "number", "list", "pairs"))


def test_kinds_follow_from_the_types():
    expected = {
        "optimizer.name": "choice",
        "augment.flip": "switch",
        "epochs": "whole",
        "optimizer.lr": "number",
        "network.widths": "list",
        "network.shortcuts": "pairs",
    }
    assert {path: FIELDS[path].kind for path in expected} == expected
    assert FIELDS["optimizer.name"].choices == ("sgd", "adam", "adamw", "adadelta", "rmsprop")
    assert FIELDS["optimizer.lr"].label == "Learning rate (highest, per step)"
    assert FIELDS["network.norm"].label == "Normalisation"


@dataclass(frozen=True)
class _Later:
    """A spec of later.

    Attributes:
        weight_average: Share of the old average that is kept
            at every step.
        optimizer: Another.
        course: Of the rate.
    """

    weight_average: float | None = None
    optimizer: OptimizerSpec = field(default_factory=OptimizerSpec)
    course: Literal["up", "down"] = "up"


def test_a_field_that_joins_later_is_told_by_its_name_and_docstring():
    later, *inner, course = spec_fields(_Later)
    assert (later.path, later.kind, later.group) == ("weight_average", "number", "Course")
    assert later.told.title == "Weight average"
    assert later.told.help == "Share of the old average that is kept at every step."
    assert [item.path for item in inner] == [path for path in FIELDS if path.startswith("optimizer.")]
    assert (course.kind, course.choices, course.told.help) == ("choice", ("up", "down"), "Of the rate.")


def test_tables_can_name_any_field():
    assert title("optimizer.lr") == "Learning rate"
    assert title("data.train_hash") == "Train hash"
