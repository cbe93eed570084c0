"""A run as a zip: there and back unchanged; whatever is wrong with one is a sentence, and the run area stays as it was."""

import hashlib
import io
import json
import os
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from made_runs import made_run
from safetensors.torch import load, save

from fer_engine import settings
from fer_engine.errors import FerLabError
from fer_engine.evaluation.evaluate import Evaluation, keep
from fer_engine.evaluation.metrics import measure
from fer_engine.labels import NAMES
from fer_engine.runs import checks, forms, package, store
from fer_engine.runs.package import pack, unpack

SHIPPED = store.Run(settings.checkpoints_dir() / "net5-svm")
FILES = {name: (SHIPPED.path / name).read_bytes() for name in (path.name for path in SHIPPED.path.iterdir())}


@pytest.fixture(autouse=True)
def nothing_joins_on_failure(request):
    """Whatever a test hands in: what is refused leaves the run area and the folder for temporary files alone."""
    before = own_runs()
    yield
    if "refused" in request.node.name or "hostile" in request.node.name:
        assert own_runs() == before


def own_runs() -> list[str]:
    return sorted(path.name for path in settings.runs_dir().iterdir()) if settings.runs_dir().is_dir() else []


def zipped(files: dict[str, bytes], top: str = "mine/", compression: int = zipfile.ZIP_STORED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(top + name, data)
    return target.getvalue()


def signed(**changes: bytes) -> dict[str, bytes]:
    """The shipped run's files with some replaced (by their names without the ending) and the manifest's hashes put right."""
    files = dict(FILES)
    for stem, data in changes.items():
        files[next(name for name in FILES if name.split(".")[0] == stem)] = data
    if "manifest" in changes:
        return files
    manifest = json.loads(files[store.MANIFEST])
    for name, entry in manifest["files"].items():
        entry["sha256"] = hashlib.sha256(files[name]).hexdigest()
    return files | {store.MANIFEST: json.dumps(manifest).encode()}


def changed(name: str, **changes) -> bytes:
    return json.dumps(json.loads(FILES[name]) | changes).encode()


def refusal(files: dict[str, bytes] | bytes, **options) -> str:
    with pytest.raises(FerLabError) as caught:
        unpack(files if isinstance(files, bytes) else zipped(files), **options)
    assert str(caught.value).endswith((".", ".)")), "a sentence"
    return str(caught.value)


def test_a_run_goes_there_and_back_unchanged_and_hides_no_shipped_one():
    run = unpack(pack(SHIPPED))
    assert run.name == "net5-svm-2"
    assert run.path.parent == settings.runs_dir()
    assert {path.name: path.read_bytes() for path in run.path.iterdir()} == FILES
    assert run.finished
    assert not run.shipped
    assert own_runs() == ["net5-svm-2"], "nothing else is left behind"
    assert unpack(pack(run)).name == "net5-svm-2-2"


def test_the_same_run_makes_the_same_zip():
    assert pack(SHIPPED) == pack(SHIPPED)


def test_later_evaluations_go_along():
    table = SHIPPED.predictions()
    metrics = measure(table[list(NAMES)].to_numpy(), table["label"].to_numpy(), np.zeros(len(table), bool))
    keep(SHIPPED, Evaluation("net5-svm", "PrivateTest", metrics, "flip", "0123abcd", 1.0))
    run = unpack(pack(SHIPPED))
    assert [path.name for path in run.evaluations_dir().iterdir()] == ["0123abcd-PrivateTest.json"]


def test_the_name_is_the_given_one_or_that_of_folder_or_manifest():
    assert unpack(zipped(FILES), "other").name == "other"
    assert unpack(zipped(FILES, "My run (3)/")).name == "My-run-3"
    assert unpack(zipped(FILES, "")).name == "net5-svm-2"


def test_what_a_process_or_a_desktop_leaves_beside_is_not_read():
    files = zipped(FILES | {"log.txt": b"x", "job.json": b"no json", "resume.safetensors": b"x", "start.json": b"x", ".DS_Store": b"x"})
    assert sorted(path.name for path in unpack(files).path.iterdir()) == sorted(FILES)


def test_taken_name_is_refused_with_a_free_one():
    assert "run 'net5-svm' already. Choose another name, such as 'net5-svm-2'" in refusal(FILES, name="net5-svm")
    assert "cannot name a run" in refusal(FILES, name="../x")


def test_unfinished_run_is_refused_both_ways():
    unfinished = {name: data for name, data in FILES.items() if name != store.MANIFEST}
    assert "holds no manifest.json: it is no run, or an unfinished one" in refusal(unfinished)
    folder = store.run_path("half")
    folder.mkdir(parents=True)
    with pytest.raises(FerLabError, match="'half' is unfinished and cannot be packed"):
        pack(store.Run(folder))
    folder.rmdir()


def test_damaged_run_is_not_packed():
    run = unpack(zipped(FILES))
    (run.path / store.HISTORY).write_text("epoch\n")
    with pytest.raises(FerLabError, match=r"'mine' is damaged: history\.csv is missing or was changed"):
        pack(run)


@pytest.mark.parametrize(
    "name", ["../spec.json", "mine/../../x.json", "/etc/passwd", "C:/x", "mine\\..\\x", "mine/evaluations/../../../0-x.json", "a\x00b"]
)
def test_hostile_path_out_of_the_folder(name):
    target = io.BytesIO(zipped(FILES))
    with zipfile.ZipFile(target, "a") as archive:
        entry = zipfile.ZipInfo("x" * len(name))
        archive.writestr(entry, b"gotcha")
    data = target.getvalue().replace(b"x" * len(name) + b"gotcha", name.encode() + b"gotcha")
    data = data[::-1].replace(b"x" * len(name), name.encode()[::-1], 1)[::-1]  # in the directory at the end too
    assert "would lie outside of the run's folder" in refusal(data)
    assert not Path("x.json").exists()


def test_hostile_link():
    target = io.BytesIO(zipped(FILES))
    with zipfile.ZipFile(target, "a") as archive:
        entry = zipfile.ZipInfo("mine/evaluations")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc")
    assert "'mine/evaluations' is a link or a device" in refusal(target.getvalue())


@pytest.mark.parametrize(
    "name", ["weights.pkl", "model.pt", "evaluations/x.pkl", "evaluations/deep/0-a.json", "sub/spec.json", "resume.pt"]
)
def test_hostile_file_beyond_those_of_a_run(name):
    message = refusal(FILES | {name: pickle.dumps(1)})
    assert f"holds 'mine/{name}', which is no file of a run" in message


def test_hostile_second_folder():
    target = io.BytesIO(zipped(FILES))
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr("spec.json", FILES[store.SPEC])
    assert "holds 'spec.json', which is no file of a run" in refusal(target.getvalue())
    assert "no file of a run" in refusal(zipped(FILES, "deep/mine/"))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_hostile_file_twice():
    target = io.BytesIO(zipped(FILES))
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr("mine/spec.json", b"{}")
    assert "holds spec.json twice" in refusal(target.getvalue())


def test_hostile_bomb_by_its_declared_size(monkeypatch):
    squeezed = zipped(signed(history=b"0" * 3_000_000), compression=zipfile.ZIP_DEFLATED)
    assert "history.csv would grow more than 100-fold" in refusal(squeezed)
    assert "history.csv has 4,000,001 bytes in the zip; a run's has at most 4,000,000" in refusal(signed(history=b"0" * 4_000_001))
    total = sum(len(data) for data in FILES.values())
    squeezed = zipped(FILES, compression=zipfile.ZIP_DEFLATED)
    monkeypatch.setattr(package, "MAX_BYTES", total - 1)
    assert len(squeezed) < total - 1
    assert f"The zip holds {total / 1e6:,.0f} MB; a run has at most" in refusal(squeezed)
    monkeypatch.setattr(package, "MAX_BYTES", 4000)
    assert f"The zip has {len(squeezed) / 1e6:,.0f} MB; a run has at most" in refusal(squeezed)


def test_hostile_bomb_by_its_real_size():
    """The directory and the file's header say 10 bytes; what is compressed is three million."""
    data = bytearray(zipped(signed(history=b"0" * 3_000_000), compression=zipfile.ZIP_DEFLATED))
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        entry = archive.getinfo("mine/history.csv")
    for place in (entry.header_offset + 22, data.rindex(b"mine/history.csv") - 46 + 24):
        assert struct.unpack_from("<I", data, place)[0] == 3_000_000
        struct.pack_into("<I", data, place, 10)
    assert "The zip is damaged" in refusal(bytes(data))


def test_hostile_number_of_files():
    assert "files; a run has some ten" in refusal(FILES | {f"evaluations/{number:x}-a.json": b"{}" for number in range(1000)})


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "no zip file"),
        (b"PK\x03\x04 not really", "no zip file"),
        (zipped(FILES)[:-30], "no zip file, or its end is missing"),
        (zipped(FILES)[:1000] + zipped(FILES)[2000:], "damaged"),
        (zipped(FILES).replace(b"learning_rate", b"LEARNING_RATE", 1), "The zip is damaged"),
        (zipped(FILES, compression=zipfile.ZIP_LZMA), "compressed in a rare way"),
        (zipped({"readme.txt": b"hello"}), "holds no manifest.json"),
    ],
    ids=["empty", "not a zip", "truncated", "hole", "changed byte", "lzma", "other zip"],
)
def test_what_is_no_whole_zip_is_refused(data, sentence):
    assert sentence in refusal(data)


def test_encrypted_zip_is_refused():
    data = bytearray(zipped({"manifest.json": b"{}"}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert "encrypted" in refusal(bytes(data))


def test_missing_file_is_refused():
    assert "lacks weights.safetensors" in refusal({name: data for name, data in FILES.items() if name != store.WEIGHTS})


def test_changed_file_is_refused_by_its_hash():
    assert "history.csv cannot be used: it was changed after the run" in refusal(FILES | {store.HISTORY: FILES[store.HISTORY] + b" "})


def test_manifest_that_is_not_one_is_refused():
    assert "manifest.json cannot be used: it is no JSON" in refusal(signed(manifest=b"[" * 100_000))
    assert "manifest.json cannot be used: it is no JSON" in refusal(signed(manifest=b'{"seconds": NaN}'))
    assert "manifest.json cannot be used: protocol: " in refusal(signed(manifest=changed(store.MANIFEST, protocol="fine")))
    assert "gives no hash of spec.json" in refusal(signed(manifest=changed(store.MANIFEST, files={})))
    assert "best_epoch is 999999, of" in refusal(signed(manifest=changed(store.MANIFEST, best_epoch=999_999)))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"seconds": 1e30}, "seconds: input should be less than or equal to 1000000000"),
        ({"seconds": -1}, "seconds: input should be greater than or equal to 0"),
        ({"seconds": "60"}, "seconds: input should be a valid number"),
        ({"milliseconds_per_face": 1e300}, "milliseconds_per_face: input should be less"),
        ({"parameters": 10**30}, "parameters: input should be less"),
        ({"parameters": True}, "parameters: input should be a valid integer"),
        ({"support_vectors": 10**30}, "support_vectors: input should be less"),
        ({"best_epoch": -1}, "best_epoch: input should be greater"),
        ({"finished": "yesterday"}, "finished: invalid isoformat string: 'yesterday'"),
        ({"finished": "2026-01-31T12:00:00"}, "finished: it names no time zone"),
        ({"finished": "0001-01-01T00:00:00+05:00"}, "finished: it is no year of a run"),
        ({"starts_from": "x" * 301}, "starts_from: string should have at most 300 characters"),
        ({"before": "better"}, "before: input should be"),
        ({"before": {"accuracy": 0.5, "accuracy_ci95": [0.4], "macro_f1": 0.5}}, "before.accuracy_ci95: list should have at least 2 items"),
        ({"before": {"accuracy": 0.5, "accuracy_ci95": [0.4, 0.6], "macro_f1": 0.5}, "starts_from": None}, "not which run it starts from"),
        ({"machine": {"threads": 1e300}}, "machine.threads."),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_values_that_no_run_has_are_refused(change, sentence):
    message = refusal(signed(manifest=changed(store.MANIFEST, **change)))
    assert message.startswith("manifest.json cannot be used: ")
    assert sentence in message


def test_other_class_order_is_refused():
    message = refusal(signed(manifest=changed(store.MANIFEST, classes=sorted(NAMES))))
    assert "its emotions are angry, disgust, fear, happy, neutral, sad, surprise; here they are angry, disgust, fear, happy, sad" in message


def test_manifest_that_does_not_count_what_was_learnt_from_is_refused():
    manifest = json.loads(FILES[store.MANIFEST])
    del manifest["counts"]["Training"]
    with pytest.raises(FerLabError, match="does not count the faces of Training"):
        unpack(zipped(signed(manifest=json.dumps(manifest).encode())), "mine")


def test_other_preprocessing_is_refused():
    message = refusal(signed(manifest=changed(store.MANIFEST, preprocessing={"size": [64, 64]})))
    assert "takes faces that are prepared in another way" in message


def test_spec_that_is_not_the_runs_is_refused():
    assert "spec.json cannot be used: its hash is" in refusal(signed(spec=changed(store.SPEC, seed=5)))
    assert "spec.json cannot be used. There is no field 'magic' in a spec." in refusal(signed(spec=changed(store.SPEC, magic=1)))
    assert "spec.json cannot be used: it is no JSON" in refusal(signed(spec=FILES[store.SPEC][:-5]))


def weights(**changes: torch.Tensor | None) -> bytes:
    tensors = load(FILES[store.WEIGHTS])
    for name, tensor in changes.items():
        tensors[name] = tensor
    return save({name: tensor.contiguous() for name, tensor in tensors.items() if tensor is not None})


def test_weights_of_another_network_are_refused():
    other = {"body.scores.1.bias": torch.zeros(8)}
    assert "the tensor 'body.scores.1.bias' is (8,) in it and (7,) in the network" in refusal(signed(weights=weights(**other)))
    assert "'body.scores.1.bias' is missing in it" in refusal(signed(weights=weights(**{"body.scores.1.bias": None})))
    assert "'extra' is (1,) in it and unknown in the network" in refusal(signed(weights=weights(extra=torch.zeros(1))))


def test_weights_that_are_no_numbers_or_no_safetensors_are_refused():
    broken = {"body.scores.1.bias": torch.full((7,), float("nan"))}
    assert "holds values that are no finite numbers" in refusal(signed(weights=weights(**broken)))
    assert "weights.safetensors cannot be used: it is no safetensors file" in refusal(signed(weights=pickle.dumps({"a": 1})))
    assert "is of the kind C64" in refusal(signed(weights=weights(**{"body.scores.1.bias": torch.zeros(7, dtype=torch.complex64)})))


class Trap:
    """Unpickling it makes a file."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("stem", ["spec", "history", "weights", "calibration", "predictions", "metrics", "manifest"])
def test_hostile_pickle_in_the_place_of_a_file_is_never_loaded(stem, tmp_path):
    refusal(signed(**{stem: pickle.dumps(Trap(str(tmp_path / "sprung")))}))
    assert not (tmp_path / "sprung").exists()


def test_network_too_large_for_any_memory_is_refused_before_it_is_built():
    spec = json.loads(FILES[store.SPEC])
    spec["network"]["widths"] = [10**7, 10**7]
    spec["network"]["pool_after"] = [1, 2]
    files = signed(spec=json.dumps(spec).encode())
    manifest = json.loads(files[store.MANIFEST])
    manifest["spec_hash"] = store.from_json(files[store.SPEC]).hash
    said = refusal(files | {store.MANIFEST: json.dumps(manifest).encode()})
    assert "its layer conv1 makes 23,040,000,000 values of a face; 4,000,000 are the most" in said


def test_hostile_table_that_swells_when_it_is_read():
    """Parquet packs within, where the sizes in a zip tell nothing of it."""
    table = SHIPPED.predictions()
    for packed, options in (
        (table.assign(split="x" * 5_000), {"compression": "zstd"}),
        (table, {"compression": "gzip"}),
        (table.head(20).assign(split="x" * 200_000), {}),
    ):
        target = io.BytesIO()
        packed.to_parquet(target, index=False, **options)
        said = refusal(signed(predictions=target.getvalue()))
        assert "not by snappy as predictions are" in said or "it is too large for 20 faces" in said


def test_hostile_list_of_files_is_refused_before_it_is_read(monkeypatch):
    many = zipped({f"{number}": b"" for number in range(package.MAX_FILES + 1)})
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert "holds 1,001 files" in refusal(many)


SVM = store.Run(settings.checkpoints_dir() / "svm-landmarks")


def svm(change) -> bytes:
    """The shipped SVM as a zip with other arrays."""
    files = {path.name: path.read_bytes() for path in SVM.path.iterdir()}
    tensors = load(files[store.WEIGHTS])
    change(tensors)
    files[store.WEIGHTS] = save(tensors)
    manifest = json.loads(files[store.MANIFEST])
    manifest["files"][store.WEIGHTS]["sha256"] = hashlib.sha256(files[store.WEIGHTS]).hexdigest()
    return zipped(files | {store.MANIFEST: json.dumps(manifest).encode()})


def test_an_svm_goes_there_and_back():
    assert unpack(svm(lambda _: None)).spec.hash == SVM.spec.hash


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda tensors: tensors.update({"machine.counts": tensors["machine.counts"].float()}), "is of the kind F32, not I64"),
        (lambda tensors: tensors["machine.counts"].sub_(1), "the counts of support vectors are not those of the vectors"),
        (
            lambda tensors: tensors.update(
                {name: tensors[name][..., :-1].clone() for name in ("block0.mean", "block0.scale", "machine.vectors")}
            ),
            "its arrays do not fit",
        ),
    ],
    ids=["kind", "counts", "width"],
)
def test_svm_whose_arrays_do_not_fit_is_refused(change, sentence):
    assert sentence in refusal(svm(change))


def predictions(change) -> bytes:
    target = io.BytesIO()
    change(SHIPPED.predictions()).to_parquet(target, index=False)
    return target.getvalue()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda table: table.drop(columns="happy"), "its columns are"),
        (lambda table: table[["id", "split", "label", *sorted(NAMES)]], "its columns are"),
        (lambda table: table.assign(happy="x"), "its columns are"),
        (lambda table: table.assign(happy=np.float32("nan")), "holds scores that are no finite numbers"),
        (lambda table: table.assign(label=7), "labels outside 0 to 6"),
        (lambda table: table.head(0), "0 rows"),
        (lambda table: table.assign(split="![](http://host/x)"), "its splits are not all among Training, PublicTest, PrivateTest"),
        (lambda table: table.assign(split="PrivateTest"), "metrics.json cannot be used: it tells of PublicTest"),
        (lambda table: table.assign(label=3), "its figures of PublicTest do not follow from predictions.parquet"),
    ],
    ids=["column missing", "order", "kind", "nan", "label", "empty", "split", "other split", "other figures"],
)
def test_predictions_that_are_not_the_runs_are_refused(change, sentence):
    assert sentence in refusal(signed(predictions=predictions(change)))


SHARES = ("accuracy", "top2", "macro_f1", "weighted_precision", "weighted_recall", "weighted_f1")


@pytest.mark.parametrize("figure", [*SHARES, "accuracy_ci95", "per_class", "confusion_matrix", "n_deduplicated", "accuracy_deduplicated"])
def test_figures_that_do_not_follow_from_the_predictions_are_refused(figure):
    figures = json.loads(FILES[store.METRICS])
    of_split = figures["PublicTest"]
    if figure in SHARES:
        of_split[figure] += 1e-4
    elif figure == "accuracy_ci95":
        of_split[figure][1] += 1e-4
    elif figure == "per_class":
        of_split[figure]["sad"]["recall"] += 1e-4
    elif figure == "confusion_matrix":
        of_split[figure][0][:2] = of_split[figure][0][1::-1]
    else:
        of_split[figure] = 10**6 if figure == "n_deduplicated" else None
    message = refusal(signed(metrics=json.dumps(figures).encode()))
    if "deduplicated" in figure:
        assert message.startswith("metrics.json cannot be used: its faces without copies are more than all, or their accuracy is missing")
    else:
        assert message.startswith(
            f"metrics.json cannot be used: its figures of PublicTest do not follow from predictions.parquet: its {figure} "
        )


def test_figures_that_are_no_shares_are_refused():
    figures = json.loads(FILES[store.METRICS])
    figures["PublicTest"]["accuracy_deduplicated"] = 1.5
    assert "PublicTest.accuracy_deduplicated: input should be less than or equal to 1" in refusal(
        signed(metrics=json.dumps(figures).encode())
    )


def test_either_answer_counts_among_the_two_likeliest_where_scores_are_equal():
    labels, answers = [0, 1, 2, 3], [0, 1, 1, 1]  # of the last two, the label is one of six with a score of 0
    run = made_run("level", labels, answers)
    scores = run.predictions()[list(NAMES)].to_numpy()
    for top2, other in ((0.5, ""), (1.0, ""), (0.49, "top2")):
        told = forms.Figures(**run.metrics["PublicTest"] | {"top2": top2})
        assert checks._differs(told, scores, np.array(labels)) == other


def test_predictions_with_an_index_hidden_in_them_are_refused():
    target = io.BytesIO()
    SHIPPED.predictions().set_index("neutral").to_parquet(target)
    assert "predictions.parquet cannot be used" in refusal(signed(predictions=target.getvalue()))


def test_history_that_is_no_history_is_refused():
    table = pd.read_csv(io.BytesIO(FILES[store.HISTORY]))
    assert "it has no column seconds" in refusal(signed(history=table.drop(columns="seconds").to_csv(index=False).encode()))
    assert "not one row of finite numbers for each of" in refusal(signed(history=table.head(0).to_csv(index=False).encode()))
    assert "it is no table of numbers" in refusal(signed(history=table.assign(size="<b>").to_csv(index=False).encode()))
    assert "it is no table of numbers" in refusal(signed(history=b"\xff\xfe\x00"))
    for column, value in (("valid_accuracy", 1e300), ("train_accuracy", -0.1), ("seconds", 1e30)):
        assert "not all from 0 to 1, or its seconds no times" in refusal(
            signed(history=table.assign(**{column: value}).to_csv(index=False).encode())
        )


def test_calibration_that_is_none_is_refused():
    assert "calibration.json cannot be used: its scale is -1.0" in refusal(signed(calibration=changed(store.CALIBRATION, scale=-1)))
    assert "calibration.json cannot be used: scale" in refusal(signed(calibration=b'{"method": "temperature"}'))


def test_evaluation_that_is_none_is_refused():
    assert "evaluations/0-a.json cannot be used" in refusal(FILES | {"evaluations/0-a.json": b"{}"})
    figures = {"run": "x", "split": "b", "tta": "none", "data": "0", "seconds": 1} | SHIPPED.metrics["PublicTest"]
    assert "its name is not made of" in refusal(FILES | {"evaluations/0-a.json": json.dumps(figures).encode()})
    assert "seconds: input should be less" in refusal(FILES | {"evaluations/0-a.json": json.dumps(figures | {"seconds": 1e30}).encode()})
    figures |= {"split": "a", "n": 1}
    assert "does not hold as many faces" in refusal(FILES | {"evaluations/0-a.json": json.dumps(figures).encode()})
    figures |= {"per_class": {}}
    assert "figures of each of the seven emotions" in refusal(FILES | {"evaluations/0-a.json": json.dumps(figures).encode()})


def test_full_disk_is_a_sentence_and_leaves_nothing_refused(monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    settings.runs_dir().mkdir(parents=True)
    monkeypatch.setattr(package.shutil, "copytree", full)
    assert "could not be unpacked: No space left on device" in refusal(FILES)
    assert own_runs() == []
