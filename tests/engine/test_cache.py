import errno
import os
import shutil

import numpy as np
import pytest
from fer_files import csv_text, faces_of_noise, rows_of, same, write_csv, write_folders

from fer_engine import settings
from fer_engine.data import cache, fer2013
from fer_engine.data.loaded import LoadedData
from fer_engine.errors import FerLabError

FACES = faces_of_noise()


@pytest.fixture
def source(tmp_path):
    return write_csv(tmp_path / "fer2013.csv", FACES)


@pytest.fixture
def readings(monkeypatch):
    """How often the source itself was read."""
    count = []
    read = fer2013._read
    monkeypatch.setattr(fer2013, "_read", lambda *arguments: (count.append(1), read(*arguments))[1])
    return count


def entries():
    return sorted((settings.cache_dir() / "faces").iterdir())


def touch_later(path):
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000))


def test_the_second_opening_is_memory_mapped_and_equal(source, readings):
    first, second = fer2013.load(source), fer2013.load(source)
    assert isinstance(second.faces.images, np.memmap)
    assert not second.faces.images.flags.writeable
    assert same(first.faces, FACES)
    assert same(second.faces, FACES)
    assert second.faces.split.dtype.kind == "U"
    assert second.faces.name == "fer2013"
    assert len(readings) == 1


def test_a_source_with_a_new_time_is_read_anew_and_the_old_entry_goes(source, readings):
    fer2013.load(source)
    touch_later(source)
    fer2013.load(source)
    assert len(readings) == 2
    assert len(entries()) == 1


def test_a_source_with_a_new_size_is_read_anew(source, readings):
    fer2013.load(source)
    status = source.stat()
    source.write_text(csv_text(rows_of(FACES)[:5]))
    os.utime(source, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert len(fer2013.load(source).faces) == 5
    assert len(readings) == 2


def test_two_sources_keep_an_entry_each(source, tmp_path, readings):
    other = write_csv(tmp_path / "other.csv", faces_of_noise(seed=1))
    for path in (source, other, source, other):
        fer2013.load(path)
    assert len(readings) == 2


def test_a_new_or_changed_image_in_a_folder_is_noticed(tmp_path, readings):
    root = write_folders(tmp_path / "set", FACES)
    image = next(root.rglob("*.png"))
    fer2013.load(root)
    fer2013.load(root)
    assert len(readings) == 1
    shutil.copy(image, image.with_name("another.png"))
    assert len(fer2013.load(root).faces) == 13
    touch_later(image)
    fer2013.load(root)
    assert len(readings) == 3


def _truncate(folder):
    with (folder / "images.npy").open("r+b") as file:
        file.truncate(5000)


def _pickled(folder):
    np.save(folder / "labels.npy", np.array([object()] * 12), allow_pickle=True)


DAMAGE = {
    "images cut short": _truncate,
    "images empty": lambda folder: (folder / "images.npy").write_bytes(b""),
    "no images": lambda folder: (folder / "images.npy").unlink(),
    "no entry.json": lambda folder: (folder / "entry.json").unlink(),
    "entry.json half written": lambda folder: (folder / "entry.json").write_text('{"n": 12, "na'),
    "entry.json of another kind": lambda folder: (folder / "entry.json").write_text("[1, 2]"),
    "labels of another length": lambda folder: np.save(folder / "labels.npy", np.zeros(11, np.int64)),
    "labels out of range": lambda folder: np.save(folder / "labels.npy", np.full(12, 7)),
    "splits out of range": lambda folder: np.save(folder / "split.npy", np.full(12, 3, np.uint8)),
    "labels pickled": _pickled,
    "a file in its place": lambda folder: (shutil.rmtree(folder), folder.write_text("")),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_broken_entry_is_built_anew(source, readings, damage):
    fer2013.load(source)
    DAMAGE[damage](entries()[0])
    repaired = fer2013.load(source)
    assert same(repaired.faces, FACES)
    assert repaired.notices == ()
    fer2013.load(source)
    assert len(readings) == 2
    assert len(entries()) == 1


def test_a_cache_that_cannot_be_made_costs_only_time(source, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FER_LAB_CACHE", str(tmp_path / "file"))
    loaded = fer2013.load(source)
    assert same(loaded.faces, FACES)
    assert "cannot be written" in loaded.notices[-1]


def test_a_full_disk_costs_only_time_and_leaves_nothing_behind(source, monkeypatch):
    def full(*_arguments, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cache.np, "save", full)
    loaded = fer2013.load(source)
    assert same(loaded.faces, FACES)
    assert "No space left on device" in loaded.notices[-1]
    assert entries() == []


def test_two_that_write_the_same_entry_at_once_both_get_it(monkeypatch):
    monkeypatch.setattr(cache, "_remove_outdated", lambda _folder: None)
    for _ in range(2):
        loaded = cache.keep("source", "signature", LoadedData(FACES))
        assert isinstance(loaded.faces.images, np.memmap)
        assert loaded.notices == ()
    assert len(entries()) == 1


def test_what_a_killed_writer_left_is_swept_up_when_it_is_old(source):
    root = settings.cache_dir() / "faces"
    for name in (".writing-old", ".writing-new"):
        (root / name).mkdir(parents=True)
    os.utime(root / ".writing-old", (0, 0))
    fer2013.load(source)
    names = {entry.name for entry in entries()}
    assert ".writing-new" in names
    assert ".writing-old" not in names


def test_skipped_rows_are_told_again_from_the_cache_and_still_refused_when_not_skipped(tmp_path, readings):
    rows = rows_of(FACES)
    rows[2]["emotion"] = "9"
    path = tmp_path / "fer2013.csv"
    path.write_text(csv_text(rows))
    first = fer2013.load(path, skip_bad=True)
    second = fer2013.load(path, skip_bad=True)
    assert len(readings) == 1
    assert first.skipped == second.skipped == 1
    assert "line 4" in second.notices[0]
    assert first.notices == second.notices
    with pytest.raises(FerLabError, match="line 4"):
        fer2013.load(path)


def test_a_sound_entry_serves_skipping_too(source, readings):
    fer2013.load(source)
    assert fer2013.load(source, skip_bad=True).skipped == 0
    assert len(readings) == 1


def test_without_the_cache_nothing_is_written(source):
    assert not isinstance(fer2013.load(source, use_cache=False).faces.images, np.memmap)
    assert not settings.cache_dir().exists()
