"""Studies as data: the paper's figures as printed, one run for all who ask for it, and a user's file with its mistakes."""

import re

import pytest

from fer_engine import settings
from fer_engine.ablations import catalogue, ledger
from fer_engine.ablations.ledger import settled
from fer_engine.ablations.userfile import parse_study
from fer_engine.data.source import open_data
from fer_engine.errors import FerLabError
from fer_engine.experiments import lab, paper
from fer_engine.experiments.parts import DataSpec
from fer_engine.experiments.spec import field_paths, override
from fer_engine.experiments.studies import BASE, PAPER_STUDIES, Claim, Row, Study
from fer_engine.experiments.studies_own import OWN_STUDIES
from fer_engine.runs.store import finished_run
from fer_engine.training.run import prepare

ALL = PAPER_STUDIES + OWN_STUDIES
DATA = DataSpec("drawn", train_hash="t" * 16, valid_hash="v" * 16)
PRINTED = {
    "svms": ["39.98", "48.2"],
    "best": [None, None],
    "heads": ["0.562", "0.569", "0.611", "0.618", "0.639", "0.645"],
    "models": ["39.98", "48.2", "56.2", "61.1", "63.9", "64.5"],
    "optimizers": ["0.611", "0.630", "0.588", "0.584", None],
    "batch": ["0.607", "0.6032", "0.6132", "0.5764"],
    "dropout": ["0.55", "0.566", "0.583", "0.601", "0.63"],
    "filters": ["0.586", "0.612", "0.608"],
    "convolutions": [None] * 6,
    "hidden": [None] * 4,
}


@pytest.mark.parametrize("study", PAPER_STUDIES, ids=lambda study: study.name)
def test_rows_have_the_papers_figures_as_printed(study):
    assert [row.printed and row.printed.text for row in study.rows] == PRINTED[study.name]
    assert all(0.3 < row.printed.share < 0.7 for row in study.rows if row.printed)


def test_base_is_the_papers():
    told = {"batch_size": 300, "epochs": 30, "patience": 5, "monitor": "valid_loss", "network.dropout": 0.4, "network.norm": "none"}
    assert field_paths(BASE).items() >= told.items()
    assert (BASE.optimizer.name, BASE.head, BASE.augment.off) == ("adadelta", "softmax", True)


ONE_FIELD = ("batch", "dropout", "filters", "convolutions", "hidden", "smoothing", "tta")


@pytest.mark.parametrize("study", [item for item in ALL if item.name in ONE_FIELD], ids=lambda study: study.name)
def test_rows_of_a_study_differ_in_one_field(study):
    specs = [field_paths(row.spec) for row in study.rows]
    assert len({field for field in specs[0] if any(spec[field] != specs[0][field] for spec in specs)}) == 1


def test_equal_specs_have_one_key_and_one_run():
    keys = {}
    for study in ALL:
        for row in study.rows:
            keys.setdefault(row.spec.hash, set()).add(row.key)
    assert all(len(names) == 1 for names in keys.values())
    assert len({name for names in keys.values() for name in names}) == len(keys)


def test_run_that_one_study_made_is_found_by_all_that_ask_for_it():
    faces = open_data("synthetic:700").faces
    data = ledger.data_of(faces)
    cell = next(cell for cell in ledger.cells(catalogue.find_study("batch"), data) if cell.row.key == "base")
    assert (cell.state, cell.name) == ("missing", "ablate-base-s0")
    prepare(cell.spec, faces, "called-otherwise")
    asking = ["heads", "models", "optimizers", "batch", "dropout", "filters", "convolutions", "hidden"]
    for study in PAPER_STUDIES:
        found = [cell.name for cell in ledger.cells(study, data) if cell.state == "unfinished"]
        assert found == (["called-otherwise"] if study.name in asking else [])


def test_shipped_network_is_the_row_of_our_recipe():
    (data,) = [item for item in ledger.known_data() if item.name == "fer2013"]
    (cell,) = ledger.cells(catalogue.find_study("smoothing"), data, only="0.1")
    assert (cell.name, cell.state) == ("net5-softmax", "finished")


def test_seeds_are_runs_of_their_own_and_an_svm_has_none():
    cells = ledger.cells(catalogue.find_study("models"), DATA, seeds=3)
    assert [cell.name for cell in cells][-3:] == ["ablate-net12-svm-s0", "ablate-net12-svm-s1", "ablate-net12-svm-s2"]
    assert len(cells) == len({cell.spec.hash for cell in cells}) == 2 + 4 * 3


def test_name_of_another_run_is_not_taken():
    faces = open_data("synthetic:700").faces
    (cell,) = ledger.cells(catalogue.find_study("batch"), DATA, only="32")
    prepare(lab.recipe("net5"), faces, cell.name)
    assert cell.name == f"ablate-batch-32-s0-{cell.spec.hash[:6]}"


def test_figure_6_comes_to_less_than_table_i():
    assert sum(row.support for row in paper.SVM_CLASSES) == 3589
    assert 100 * paper.implied_accuracy() == pytest.approx(38.3, abs=0.05)
    assert "38.3%" in paper.INCONSISTENCIES[1].words
    assert paper.SVMS["pca"].text == "39.98"


def test_papers_inconsistencies_hold_their_figures():
    base, _, precision, *_ = paper.INCONSISTENCIES
    assert {figure.text[:5] for figure in base.figures} == {"0.601", "0.608", "0.611", "0.613"}
    assert [figure.text for figure in precision.figures] == ["1.0", "48.2"]
    assert {name for item in paper.INCONSISTENCIES for name in item.studies} <= {study.name for study in PAPER_STUDIES}


def test_claim_on_no_row_is_refused():
    with pytest.raises(ValueError, match="ghost"):
        Study("s", "S", "ours", (Row("a", "a", BASE),), Claim("a is best", "Ours", (("a", "ghost"),)))


# A user's file.

GOOD = """
title = "Rates"
base = {recipe = "paper", model = "net5"}
seeds = 2
set.epochs = 3
[vary]
optimizer.lr = [0.5, 1.0]
"network.widths" = [[8, 8], [16, 16, 16]]
"""


def test_users_file_is_a_study():
    study = parse_study(GOOD, "rates", "rates.toml")
    titles = ["base", "Learning rate 0.5", "Convolutions 8-8", "Convolutions 16-16-16"]  # 1.0 is the base's
    assert ([row.title for row in study.rows], study.seeds, study.title) == (titles, 2, "Rates")
    assert study.rows[1].key == "rates-optimizer.lr-0.5"
    assert {row.spec.epochs for row in study.rows} == {3}
    assert study.pairs == tuple((row.key, "rates-base") for row in study.rows[1:])


MISTAKES = {
    "[vary": "this is no TOML: ",
    "vray.epochs = [1]": "A study has no 'vray'; it has title, base, seeds, set, vary.",
    "seeds = 0\nvary.epochs = [1]": "seeds is 0; it is a whole number from 1 to 100.",
    "seeds = true\nvary.epochs = [1]": "seeds is True; it is a whole number",
    "title = 3\nvary.epochs = [1]": "title is 3; it is a text.",
    "epochs = 3": "A study has no 'epochs'",
    "set.epochs = 3": "it varies nothing. Write a table [vary]",
    "vary = 3": "vary is 3; it is a table: [vary]",
    "vary.epochs = 3": "vary.epochs is 3; it is a list of values",
    "vary.epochs = []": "vary.epochs is []; it is a list of values",
    "vary.epochs = [1, 1]": "vary.epochs has 1 twice.",
    "vary.epoch = [1]": "vary has 'epoch', and there is no such field; there are augment.erase, ",
    "vary.optimizer.rate = [1]": "vary has 'optimizer.rate', and there is no such field",
    "vary.optimizer.name = ['lion']": "optimizer.name: ",
    "vary.epochs = ['many']": "epochs: ",
    "vary.seed = [1, 2]": "vary.seed cannot be set here: seeds are counted by 'seeds'",
    "set.optimizer.lr = -1\nvary.epochs = [1]": "optimizer.lr is -1.0; a learning rate is a number above 0.",
    "base = 'net5'\nvary.epochs = [1]": "base is 'net5'; it is a table, such as {model = \"net5\"}, or the name of a finished run. There",
    "base = 'net5-svm'\nvary.epochs = [1]": "base is the run 'net5-svm', which goes on from another run's weights; a study's rows begin",
    "base = 'svm-pca'\nvary.epochs = [1]": "The run 'svm-pca' is an SVM, and this needs a network.",
    "base.net = 'net5'\nvary.epochs = [1]": "base has no 'net'; it has recipe, model, head.",
    "base.recipe = 'mine'\nvary.epochs = [1]": "base.recipe is 'mine'; there are ours, paper, quick.",
    "base = {recipe = ['ours']}\nvary.epochs = [1]": "base.recipe is ['ours']; there are ours, paper, quick.",
    "base.recipe.name = 'ours'\nvary.epochs = [1]": "base.recipe is {'name': 'ours'}; there are ours, paper, quick.",
    "base.model = 'net7'\nvary.epochs = [1]": "model: there is no network 'net7'",
    "base.head = 'tree'\nvary.epochs = [1]": "base.head is 'tree'; it is softmax or svm.",
    "vary.network.shortcuts = [[[1, 2]]]": "network.shortcuts has (1, 2), but",
}


@pytest.mark.parametrize(("text", "sentence"), MISTAKES.items(), ids=list(MISTAKES))
def test_mistake_in_a_file_is_named(text, sentence):
    with pytest.raises(FerLabError) as error:
        parse_study(text, "mine", "mine.toml")
    assert str(error.value).startswith(f"mine.toml: {sentence}")


def test_file_is_kept_and_found_by_its_name(tmp_path):
    path = tmp_path / "rates.toml"
    path.write_text(GOOD)
    assert catalogue.bring(path) == catalogue.find_study("rates")
    assert catalogue.names()[-1] == "rates"
    path.rename(tmp_path / "batch.toml")
    with pytest.raises(FerLabError, match="There is a study 'batch' already"):
        catalogue.bring(tmp_path / "batch.toml")
    with pytest.raises(FerLabError, match="There is no study 'none'; there are svms, best, heads"):
        catalogue.find_study("none")
    with pytest.raises(FerLabError, match=r"gone.toml cannot be read"):
        catalogue.bring(tmp_path / "gone.toml")


def test_a_finished_run_can_be_the_base():
    study = parse_study('base = "net5-softmax"\nvary.epochs = [1]', "mine", "mine.toml")
    run = finished_run("net5-softmax")
    base, row = study.rows
    assert settled(base.spec, run.spec.data, 0).hash == run.spec.hash  # which is not trained again
    assert row.spec == override(base.spec, {"epochs": 1})


def test_values_that_are_nearly_equal_are_rows_of_their_own():
    study = parse_study("vary.optimizer.lr = [0.01234561, 0.01234562]\nvary.average = [0.9999995]", "mine", "mine.toml")
    titles = [row.title for row in study.rows[1:]]
    assert titles == ["Learning rate 0.01234561", "Learning rate 0.01234562", "Averaged weights 0.9999995"]


def test_another_text_of_a_name_goes_to_a_file_beside_and_a_file_can_be_read_without_keeping(tmp_path):
    said = []
    catalogue.keep("mine", GOOD, say=said.append)
    path = tmp_path / "mine.toml"
    path.write_text("vary.epochs = [1]")
    assert len(catalogue.read_file(path).rows) == 2
    assert len(catalogue.find_study("mine").rows) == len(parse_study(GOOD, "mine", "").rows)
    assert said == []
    for _ in range(2):  # as the same command is given again after Ctrl-C
        catalogue.bring(path, said.append)
        assert len(catalogue.find_study("mine").rows) == 2
        (sentence,) = said
        assert sentence.startswith("A study 'mine' with another text was kept before; that text is now in ")
        assert (catalogue.folder_of("mine") / catalogue.BEFORE).read_text() == GOOD


def test_each_smoothing_is_held_against_hard_labels():
    assert catalogue.find_study("smoothing").pairs == (
        ("smoothing-0.05", "smoothing-0"),
        ("ours-net5", "smoothing-0"),
        ("smoothing-0.2", "smoothing-0"),
    )


def test_readmes_study_is_one_and_its_commands_name_studies():
    readme = (settings.PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```toml\n(.*?)```", readme, re.DOTALL)
    assert [row.title for row in parse_study(text, "mine", "README").rows[1:]] == [
        "Learning rate 0.02", "Learning rate 0.08", "Batch size 32", "Batch size 256",
    ]  # fmt: skip
    named = re.findall(r"fer_engine ablate (\w+) ", readme)
    assert set(named) >= {"batch", "dropout"}
    assert set(named) <= set(catalogue.BUILT_IN)
