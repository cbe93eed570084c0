import socket

import numpy as np
import pytest

from fer_engine.errors import FerLabError
from fer_engine.faces import find_faces
from fer_engine.labels import NAMES
from fer_engine.samples import EXPRESSIONS, get_sample, samples


def test_names_are_unique_and_every_sample_says_where_it_comes_from():
    names = [sample.name for sample in samples()]
    assert len(set(names)) == len(names)
    assert all(sample.title and sample.credit for sample in samples())


def test_every_emotion_is_drawn():
    assert set(EXPRESSIONS) == set(NAMES)


@pytest.mark.parametrize("name", [sample.name for sample in samples()])
def test_each_sample_loads_offline_and_holds_one_clear_face(name, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("a sample asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    picture = get_sample(name).load()
    assert picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 3
    found = find_faces(picture)
    assert len(found.faces) == 1
    assert found.notices == () and found.faces[0].notices == ()


def test_drawn_faces_differ_and_are_drawn_the_same_each_time():
    drawn = [sample.load() for sample in samples()[1:]]
    assert len({picture.tobytes() for picture in drawn}) == len(drawn)
    assert np.array_equal(get_sample("drawn-happy").load(), get_sample("drawn-happy").load())


def test_an_unknown_sample_is_refused_with_the_names():
    with pytest.raises(FerLabError, match=r"There is no sample 'mona'; there are astronaut, drawn-angry"):
        get_sample("mona")
