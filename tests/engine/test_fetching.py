"""Sets come from Kaggle and from the Hugging Face Hub by their own libraries, here against hubs on this machine."""

import io
import json
import os
import zipfile

import commands
import hubs
import pytest
from fer_files import csv_text, faces_of_noise, png, rows_of

from fer_engine.data.fetching import COMPETITION, fetch, to_bring
from fer_engine.data.importing import import_faces
from fer_engine.data.source import open_data
from fer_engine.errors import FerLabError

command = commands.command  # the fixture
FACES = faces_of_noise(14)


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A hub that answers, and no token of this machine."""
    from kagglesdk import kaggle_env

    for name in ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(tmp_path / "home"))
    monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", "TEST")
    with hubs.served() as answering:
        monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.TEST, answering.address)
        monkeypatch.setenv("HF_ENDPOINT", answering.address)
        yield answering


def zipped(**files) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/").replace("_csv", ".csv").replace("_png", ".png"), data)
    return buffer.getvalue()


def test_fer2013_of_the_competition_by_a_token(hub, command):
    hub.kaggle[COMPETITION] = zipped(icml_face_data_csv=csv_text(rows_of(FACES)), test_csv="a,b\n1,2\n")
    status, _, errors = command("data", "fetch", "kaggle")
    assert (status, "needs your token, and there is none" in errors.replace("\n", " ")) == (1, True)
    os.environ["KAGGLE_API_TOKEN"] = "KGAT_mine"  # the fixture took it away, and takes it away again
    try:
        status, output, errors = command("data", "fetch", "kaggle", "--json")
    finally:
        del os.environ["KAGGLE_API_TOKEN"]
    assert status == 0, errors
    told = json.loads(output.splitlines()[-1])
    assert told["path"].endswith("imported/fer2013.parquet")
    assert open_data(told["path"]).faces.content_hash == FACES.content_hash
    assert ("POST", "/api/v1/competitions.CompetitionApiService/DownloadDataFiles", "Bearer KGAT_mine") in hub.seen
    status, _, errors = command("data", "fetch", "kaggle")
    assert "is there already" in errors


def test_a_kaggle_data_set_with_progress_and_only_once(hub):
    hub.kaggle["owner/faces"] = zipped(**{f"train__happy__{row}_png": png(FACES.images[row]) for row in range(3)})
    shares = []
    folder = fetch("kaggle", "owner/faces", lambda share, what: shares.append((share, what)), "KGAT_mine")
    assert open_data(folder).faces.labels.tolist() == [3, 3, 3]
    assert shares[-1][0] == 1.0
    assert "Fetching owner/faces" in shares[-1][1]
    assert "KAGGLE_API_TOKEN" not in os.environ, "the token is not kept"
    fetch("kaggle", "owner/faces")
    assert sum("DownloadDataset" in path for _, path, _ in hub.seen) == 1


def test_a_download_that_was_cut_off_begins_anew(hub):
    hub.kaggle["owner/faces"] = zipped(fer2013_csv=csv_text(rows_of(FACES)))
    folder = fetch("kaggle", "owner/faces")
    for marker in (folder / ".complete").rglob("*.complete"):
        marker.unlink()
    (folder / "fer2013.csv").write_text("half")
    assert len(open_data(fetch("kaggle", "owner/faces")).faces) == 14


def test_a_hugging_face_set_in_parquet_with_progress(hub, tmp_path, command):
    import_faces(FACES, tmp_path / "train.parquet", 0, ())
    hub.hf["owner/faces"] = {"data/train.parquet": (tmp_path / "train.parquet").read_bytes(), "model.safetensors": b"0" * 99}
    shares = []
    folder = fetch("hf", "owner/faces", lambda share, what: shares.append(share), "hf_mine")
    assert open_data(folder).faces.content_hash == FACES.content_hash
    assert not (folder / "model.safetensors").exists()
    assert shares[-1] == 1.0
    assert ("GET", "/api/datasets/owner/faces?blobs=true", "Bearer hf_mine") in hub.seen
    status, output, errors = command("data", "fetch", "hf", "owner/faces", "--out", "theirs", "--json")
    assert status == 0, errors
    assert json.loads(output)["counts"] == FACES.counts()


def test_an_archive_alone_in_a_download_is_what_is_brought(hub):
    hub.hf["owner/packed"] = {"faces.zip": zipped(happy__a_png=png(FACES.images[0]))}
    folder = fetch("hf", "owner/packed")
    assert to_bring(folder).name == "faces.zip"


@pytest.mark.parametrize("name", ["", "a/b/c", "../up", "a b/c", "/etc", "owner/", "https://x/y"])
def test_what_is_no_name_is_refused_before_anybody_is_asked(hub, name):
    with pytest.raises(FerLabError, match="is no name of a data set on Kaggle"):
        fetch("kaggle", name)
    assert hub.seen == []


@pytest.mark.parametrize(
    ("where", "status", "told"),
    [
        ("hf", 0, "no data set 'owner/none' on Hugging Face, or it is private"),
        ("kaggle", 0, "There is no data set 'owner/none' on Kaggle"),
        ("kaggle", 401, "Kaggle refuses 'owner/none': the token is missing or wrong"),
        ("kaggle", 403, "Kaggle refuses 'owner/none'"),
        ("kaggle", 500, "Kaggle answered 'owner/none' with the error 500"),
    ],
)
def test_refusals_are_sentences(hub, where, status, told):
    hub.status = status
    with pytest.raises(FerLabError, match=told):
        fetch(where, "owner/none", token="mine")


def test_rules_that_were_not_accepted_are_named_with_their_page(hub):
    hub.status = 403
    with pytest.raises(FerLabError, match=r"rules must be accepted at kaggle.com/c/challenges-in-"):
        fetch("kaggle", COMPETITION, token="KGAT_mine")


@pytest.mark.parametrize("where", ["kaggle", "hf"])
def test_without_a_network_the_way_out_is_told(hub, where, monkeypatch):
    import socket

    def refused(*_args, **_options):
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "create_connection", refused)
    with pytest.raises(FerLabError, match="cannot be reached. Is this machine online"):
        fetch(where, "owner/elsewhere")


def test_another_hub_and_too_large_a_set_are_refused(hub, monkeypatch):
    from fer_engine.data import fetching

    with pytest.raises(FerLabError, match="There is no hub 'zenodo' here; there are kaggle, hf"):
        fetch("zenodo", "a/b")
    monkeypatch.setattr(fetching, "MAX_BYTES", 10)
    hub.hf["owner/big"] = {"a.parquet": b"0" * 99}
    hub.kaggle["owner/big"] = zipped(a_csv="0" * 99)
    for where in ("hf", "kaggle"):
        with pytest.raises(FerLabError, match="more than is read"):
            fetch(where, "owner/big")
    hub.hf["owner/nothing"] = {"weights.bin": b"0"}
    with pytest.raises(FerLabError, match="holds no file that FER Lab reads"):
        fetch("hf", "owner/nothing")
