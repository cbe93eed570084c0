"""Archives are read, never unpacked: no name leads outside, no bomb goes off, and damage is a sentence."""

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from fer_files import faces_of_noise, png
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fer_engine.data import image_files
from fer_engine.data.archive import open_csv
from fer_engine.data.image_files import is_archive
from fer_engine.data.importing import import_images
from fer_engine.data.loaded import BadRows
from fer_engine.data.source import open_data
from fer_engine.errors import FerLabError

FACE = png(faces_of_noise().images[0])
TRICKS = ["../../happy/a.png", "/etc/happy/a.png", "happy/../../../a.png/../happy/a.png", "C:/happy/a.png"]


def zipped(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def tarred(path, members):
    mode = {".gz": "w:gz", ".bz2": "w:bz2", ".xz": "w:xz"}.get(path.suffix, "w")
    with tarfile.open(path, mode) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def bring(source, **options):
    return import_images(source, source.parent / "out" / "out.parquet", {}, "Training", BadRows(unit="image"), **options)


def everything(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


@pytest.mark.parametrize("name", TRICKS)
@pytest.mark.parametrize("kind", ["set.zip", "set.tar"])
def test_names_that_climb_out_write_nothing_anywhere(tmp_path, name, kind):
    inner = tmp_path / "a" / "b" / "c"
    inner.mkdir(parents=True)
    source = (zipped if kind.endswith("zip") else tarred)(inner / kind, [(name, FACE)])
    before = everything(tmp_path)
    assert bring(source).images == 1
    assert everything(tmp_path) - before == {"a/b/c/out", "a/b/c/out/out.parquet"}
    assert open_data(inner / "out" / "out.parquet").faces.labels.tolist() == [3]


def test_links_and_devices_in_a_tar_are_left_alone(tmp_path):
    secret = tmp_path / "secret.png"
    secret.write_bytes(FACE)
    source = tmp_path / "set.tar"
    with tarfile.open(source, "w") as archive:
        for kind, name in ((tarfile.SYMTYPE, "happy/s.png"), (tarfile.LNKTYPE, "happy/l.png"), (tarfile.CHRTYPE, "happy/d.png")):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, str(secret)
            archive.addfile(info)
        info = tarfile.TarInfo("sad/a.png")
        info.size = len(FACE)
        archive.addfile(info, io.BytesIO(FACE))
    assert bring(source).counts["Training"]["happy"] == 0
    assert open_data(tmp_path / "out" / "out.parquet").faces.labels.tolist() == [4]


@pytest.mark.parametrize("ending", ["tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_every_packing_of_a_tar_is_read(tmp_path, ending):
    source = tarred(tmp_path / f"set.{ending}", [("happy/a.png", FACE)])
    assert is_archive(source)
    assert bring(source).images == 1


def test_what_is_no_archive_is_none(tmp_path):
    for name, data in (("a.csv", b"emotion,pixels\n"), ("a.gz", gzip.compress(b"emotion,pixels\n")), ("empty", b"")):
        (tmp_path / name).write_bytes(data)
        assert not is_archive(tmp_path / name)


def test_a_zip_that_unpacks_to_too_much_is_refused_before_anything_is_read(tmp_path, monkeypatch):
    source = zipped(tmp_path / "bomb.zip", [(f"happy/{number}.png", b"\0" * 400_000) for number in range(5)])
    assert source.stat().st_size < 5_000
    monkeypatch.setattr(image_files, "MAX_BYTES", 1_000_000)
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("A member was opened."))
    with pytest.raises(FerLabError, match="unpacks to more than"):
        bring(source)


def test_a_zip_that_lies_about_its_size_gives_no_more_than_it_said(tmp_path):
    source = zipped(tmp_path / "liar.zip", [("happy/a.png", b"\0" * 5_000_000)])
    data = bytearray(source.read_bytes())
    place = data.rindex(b"PK\x01\x02")
    data[place + 24 : place + 28] = (100).to_bytes(4, "little")  # of the list at the end, the size unpacked
    source.write_bytes(data)
    with pytest.raises(FerLabError, match="no image|cannot be read|Bad CRC"):
        bring(source)


def test_a_tar_bomb_in_a_file_that_is_no_image_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(image_files, "MAX_BYTES", 1_000_000)
    source = tarred(tmp_path / "bomb.tar.gz", [("readme.txt", b"\0" * 2_000_000), ("happy/a.png", FACE)])
    with pytest.raises(FerLabError, match="unpacks to more than"):
        bring(source)


@pytest.mark.parametrize("kind", ["set.zip", "set.tar"])
def test_too_many_files_are_refused(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(image_files, "MAX_IMAGES", 3)
    pack = zipped if kind.endswith("zip") else tarred
    with pytest.raises(FerLabError, match="more than 3 files"):
        bring(pack(tmp_path / kind, [(f"happy/{number}.png", FACE) for number in range(4)]))


def test_a_tar_header_that_claims_gigabytes_is_not_believed(tmp_path, monkeypatch):
    info = tarfile.TarInfo("././@PaxHeader")
    info.type, info.size = tarfile.XHDTYPE, 8 << 30
    source = tmp_path / "pax.tar"
    source.write_bytes(info.tobuf(tarfile.GNU_FORMAT) + b"\0" * 10_240)
    with pytest.raises(FerLabError, match=r"is no folder, .zip or .tar archive|cannot be read"):
        bring(source)


def test_an_image_whose_header_claims_a_huge_picture_is_refused(tmp_path):
    bomb = bytearray(png(np.zeros((48, 48), np.uint8)))
    bomb[16:24] = (60_000).to_bytes(4, "big") * 2
    source = zipped(tmp_path / "set.zip", [("happy/a.png", bytes(bomb))])
    with pytest.raises(FerLabError, match="a.png"):
        bring(source)


def test_a_csv_bomb_is_refused(tmp_path, monkeypatch):
    from fer_engine.data import archive

    monkeypatch.setattr(archive, "MAX_BYTES", 1_000_000)
    source = zipped(tmp_path / "fer2013.zip", [("../fer2013.csv", b"emotion,pixels,Usage\n" + b"0 " * 2_000_000)])
    with pytest.raises(FerLabError, match="no FER2013 data set"), open_csv(source, lambda line: line.startswith(b"emotion")) as stream:
        while stream.file.read(1 << 16):
            pass
    assert everything(tmp_path) == {"fer2013.zip"}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10_000), value=st.integers(0, 255), kind=st.sampled_from(["set.zip", "set.tar", "set.tar.gz"]))
def test_any_byte_changed_in_an_archive_gives_faces_or_a_sentence(tmp_path_factory, place, value, kind):
    folder = tmp_path_factory.mktemp("changed")
    pack = zipped if kind.endswith("zip") else tarred
    source = pack(folder / kind, [("happy/a.png", FACE), ("sad/b.png", FACE)])
    data = bytearray(source.read_bytes())
    data[place % len(data)] = value
    source.write_bytes(data)
    try:
        assert 1 <= bring(source).images <= 2
    except FerLabError as error:
        assert str(error)
    assert everything(folder) <= {kind, "out", "out/out.parquet"}
