"""A recipe lists every face that a rule touched, opens as a data set, and refuses another source."""

import json
import re
from dataclasses import replace

import commands
import numpy as np
import pytest
from fer_files import write_csv
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fer_engine.data.audit import audit
from fer_engine.data.audit_findings import Further, TrainingCheck
from fer_engine.data.audit_labels import LabelCheck
from fer_engine.data.audit_rules import rows_to_drop, rows_to_relabel
from fer_engine.data.audit_votes import Votes
from fer_engine.data.audit_words import DROPS, check_rules, needs
from fer_engine.data.faceset import FaceSet
from fer_engine.data.recipe import make_recipe, open_recipe, read_recipe, recipe_path, write_recipe
from fer_engine.data.source import open_data
from fer_engine.data.synthetic import synthetic
from fer_engine.errors import FerLabError
from fer_engine.labels import NAMES

command = commands.command  # the fixture
ALL = ["Training", "PublicTest", "PrivateTest"]


@pytest.fixture(scope="module")
def flawed() -> FaceSet:
    """Forty-two drawn faces: 3 again at 4 and at 40 (a test face), 5 again at 6 under another label, 7 of one grey."""
    faces = synthetic(42)
    images, labels = faces.images.copy(), faces.labels.copy()
    images[4] = images[40] = images[3]
    labels[4] = labels[40] = labels[3]
    images[6] = images[5]
    images[7] = 90
    split = np.full(42, "Training", dtype="<U11")
    split[35:] = "PublicTest"
    return FaceSet(images, labels, split, np.arange(42), "flawed")


@pytest.mark.parametrize(
    ("rules", "splits", "dropped"),
    [
        (["duplicates"], ALL, {4: "duplicates", 6: "duplicates"}),
        (["conflicts"], ALL, {5: "conflicts", 6: "conflicts"}),
        (["leaked"], ALL, {3: "leaked", 4: "leaked"}),
        (["leaked"], ["PublicTest"], {}),
        (["near"], ALL, {}),
        (["blanks", "conflicts", "duplicates"], ALL, {7: "blanks", 5: "conflicts", 6: "conflicts", 4: "duplicates"}),
    ],
)
def test_what_each_rule_leaves_out(flawed, rules, splits, dropped):
    assert rows_to_drop(rules, audit(flawed), Further(), splits) == dropped


def test_slow_rules_go_by_what_was_found(flawed):
    counts = np.zeros((42, 10), int)
    counts[np.arange(42), flawed.labels] = 10
    counts[1], counts[2] = np.eye(10, dtype=int)[9] * 10, np.eye(10, dtype=int)[0] * 6
    check = LabelCheck(np.linspace(0, 1, 35), np.full(35, 3), np.arange(35) == 8)
    further = Further(Votes(counts), np.where(np.arange(42) == 11, -1.0, 1.0), TrainingCheck(np.arange(35), check))
    found = audit(flawed)
    assert rows_to_drop(["faceless", "suspects", "nonfaces"], found, further, ALL) == {11: "faceless", 8: "suspects", 1: "nonfaces"}
    assert rows_to_relabel("suspects", found, further, ALL) == {8: 3}
    assert rows_to_relabel("votes", found, further, ALL) == {2: 0}
    assert rows_to_relabel("votes", found, further, ["PublicTest"]) == {}
    assert rows_to_relabel("", found, further, ALL) == {}


def test_rules_say_what_must_be_looked_for():
    assert needs(["duplicates", ""]) == {"faceless": False, "labels": False}
    assert needs(["faceless", "suspects"]) == {"faceless": True, "labels": True}


@pytest.mark.parametrize(
    ("drop", "relabel", "splits", "told"),
    [
        (["dupes"], "", ALL, "--drop knows no 'dupes'. There are: duplicates,"),
        ([], "x", ALL, "--relabel knows no 'x'"),
        (["blanks"], "", ["Test"], "--split knows no 'Test'"),
        ([], "", ALL, "Say what to clean"),
        (["nonfaces"], "", ALL, "with --votes"),
        (["suspects"], "suspects", ALL, "not both"),
    ],
)
def test_rules_that_make_no_sense_are_refused(drop, relabel, splits, told):
    with pytest.raises(FerLabError, match=re.escape(told)):
        check_rules(drop, relabel, splits, votes=False)


def cleaned(tmp_path, command, flawed, *words):
    path = write_csv(tmp_path / "flawed.csv", flawed)
    status, output, errors = command("data", "clean", str(path), "--out", "clean", "--json", *words)
    assert status == 0, errors
    return path, json.loads(output)


def test_a_cleaned_set_opens_by_its_recipe(tmp_path, command, flawed):
    path, told = cleaned(tmp_path, command, flawed, "--drop", "duplicates,blanks")
    assert told["by_rule"] == {"duplicates": 2, "blanks": 1}
    assert told["path"] == str(recipe_path("clean"))
    loaded = open_data(told["path"])
    assert loaded.faces.ids.tolist() == [row for row in range(42) if row not in (4, 6, 7)]
    assert loaded.faces.name == "clean"
    assert loaded.faces.content_hash == told["content"]
    assert loaded.notices == (f"Recipe 'clean' ({told['hash']}): 3 of 42 faces left out, 0 relabelled.",)
    recipe = read_recipe(recipe_path("clean"))
    assert recipe.source == {"name": "flawed", "content": flawed.content_hash, "faces": 42}
    assert [(item.row, item.rule, item.label) for item in recipe.dropped] == [
        (row, rule, NAMES[flawed.labels[row]]) for row, rule in ((4, "duplicates"), (6, "duplicates"), (7, "blanks"))
    ]
    assert open_data(path).faces.content_hash == flawed.content_hash


def test_a_recipe_is_never_overwritten(tmp_path, command, flawed):
    path, _ = cleaned(tmp_path, command, flawed, "--drop", "blanks")
    status, _, errors = command("data", "clean", str(path), "--out", "clean", "--drop", "blanks")
    assert status == 1
    assert "is there already" in errors


def test_the_source_may_have_moved_to_what_the_setting_names(tmp_path, command, flawed, monkeypatch):
    path, told = cleaned(tmp_path, command, flawed, "--drop", "blanks")
    moved = path.rename(tmp_path / "elsewhere.csv")
    with pytest.raises(FerLabError, match=r"cannot be followed: There is no file or folder .* Name its source in FER_LAB_DATA"):
        open_data(told["path"])
    monkeypatch.setenv("FER_LAB_DATA", str(moved))
    assert len(open_data(told["path"]).faces) == 41


def test_the_source_may_have_a_split_more(tmp_path, command, flawed):
    """As FER2013 with PrivateTest has, of which a recipe of the other two says nothing."""
    path, told = cleaned(tmp_path, command, flawed, "--drop", "blanks")
    private = replace(synthetic(56).take(np.arange(42, 56)), split=np.full(14, "PrivateTest", dtype="<U11"), ids=np.arange(42, 56))
    parts = [flawed, private]
    images, labels, split, ids = (np.concatenate([getattr(part, name) for part in parts]) for name in ("images", "labels", "split", "ids"))
    write_csv(path, FaceSet(images, labels, split, ids, "whole"))
    faces = open_data(told["path"]).faces
    assert {name: sum(of.values()) for name, of in faces.counts().items()} == {"Training": 34, "PublicTest": 7, "PrivateTest": 14}


def test_a_recipe_that_empties_a_split_opens(tmp_path, command, flawed):
    images = flawed.images.copy()
    images[35:] = 90
    _, told = cleaned(tmp_path, command, replace(flawed, images=images), "--drop", "blanks", "--split", "PublicTest")
    assert open_data(told["path"]).faces.splits == ("Training",)


def test_another_source_or_another_order_is_refused(tmp_path, command, flawed):
    path, told = cleaned(tmp_path, command, flawed, "--drop", "blanks")
    write_csv(path, flawed.take(np.arange(1, 42)))
    with pytest.raises(FerLabError, match="has the content .*, the recipe's source"):
        open_data(told["path"])
    write_csv(path, flawed.take(np.roll(np.arange(42), 5)))
    with pytest.raises(FerLabError, match="another order .row 7 is another face"):
        open_data(told["path"])


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"hash": "a", "format": 1}', None])
def test_what_is_no_recipe_is_refused(tmp_path, content):
    path = tmp_path / "x.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(FerLabError, match="is no recipe|There is no file"):
        open_data(path)


def test_a_recipe_that_was_changed_by_hand_is_refused(tmp_path, command, flawed):
    _, told = cleaned(tmp_path, command, flawed, "--drop", "blanks")
    tree = json.loads(recipe_path("clean").read_text())
    tree["touched"][0]["row"] = 8
    recipe_path("clean").write_text(json.dumps(tree))
    with pytest.raises(FerLabError, match="was changed after it was written"):
        open_data(told["path"])


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.integers(0, 41), max_size=41), st.dictionaries(st.integers(0, 41), st.integers(0, 6)))
def test_whatever_is_touched_comes_back_as_written(tmp_path_factory, flawed, drop, relabel):
    folder = tmp_path_factory.mktemp("recipe")
    path = write_csv(folder / "set.csv", flawed)
    relabel = {row: label for row, label in relabel.items() if label != flawed.labels[row]}
    rules = {"drop": ["blanks"], "relabel": "votes", "splits": ALL}
    recipe = make_recipe("r", str(path), flawed, rules, dict.fromkeys(drop, "blanks"), relabel)
    write_recipe(recipe, folder / "r.json")
    assert read_recipe(folder / "r.json") == recipe
    opened = open_recipe(folder / "r.json").faces
    expected = np.array(flawed.labels)
    expected[list(relabel)] = list(relabel.values())
    kept = [row for row in range(42) if row not in drop]
    assert opened.ids.tolist() == kept
    assert opened.labels.tolist() == expected[kept].tolist()


def test_rules_that_leave_nothing_are_refused(flawed):
    rules = {"drop": ["blanks"], "relabel": "", "splits": ALL}
    with pytest.raises(FerLabError, match="leave no face at all"):
        make_recipe("r", "x", flawed, rules, dict.fromkeys(range(42), "blanks"), {})


def test_a_recipes_hash_knows_no_name_and_no_place(flawed):
    rules = {"drop": ["blanks"], "relabel": "", "splits": ALL}
    one = make_recipe("one", "here", flawed, rules, {7: "blanks"}, {})
    other = make_recipe("other", "there", flawed, rules, {7: "blanks"}, {})
    assert one.hash == other.hash != replace(one, rules=rules | {"drop": ["near"]}).hash


def test_the_help_names_every_rule(command):
    status, output, _ = command("data", "clean", "--help")
    assert status == 0
    assert all(rule in output for rule in DROPS)


def test_a_run_on_a_cleaned_set_goes_by_the_recipes_name(tmp_path, command, flawed):
    from fer_engine.data.known import set_name

    _, told = cleaned(tmp_path, command, flawed, "--drop", "duplicates")
    faces = open_data(told["path"]).faces
    assert set_name(faces, faces.part("Training")) == "clean"
