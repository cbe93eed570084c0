"""The slow checks on the page Data are tasks: offered, watched, stopped, found again by a fresh page, and told when they were killed."""

import json
import re
import time

import numpy as np
import pytest
import streamlit as st

from fer_engine.data import audit_tasks
from fer_engine.data.audit_tasks import content_key, faces_task, labels_task
from fer_engine.data.own_sets import own_sets
from fer_engine.data.recipe import read_recipe
from fer_engine.data.source import open_data
from fer_engine.labels import NAMES
from fer_engine.runs import tasks, workplace

PLACE = "synthetic:140"
FACES = open_data(PLACE).faces
TRAINING = FACES.part("Training")
LABELS_TASK = labels_task(PLACE, content_key(FACES), skip_bad=False)
FACES_TASK = faces_task(PLACE, content_key(FACES), skip_bad=False)


@pytest.fixture
def drawn(open_page):
    """The page on a hundred and forty drawn faces."""
    return lambda part, **query: open_page("data", data="synthetic", size="140", part=part, **query)


@pytest.fixture
def at_once(monkeypatch):
    """Tasks are done where they are started, and the check of labels doubts rows 5 and 8 of Training."""
    sure = np.full((len(TRAINING), 7), 0.01)
    sure[np.arange(len(TRAINING)), TRAINING.labels] = 0.94
    sure[5], sure[8] = np.roll(sure[5], 1), np.roll(sure[8], 1)
    monkeypatch.setattr("fer_engine.data.audit_labels._predict_folds", lambda part, copies, progress: sure)
    scores = iter(np.where(np.arange(140) == 3, -1.0, 1.0))
    monkeypatch.setattr("fer_engine.data.audit_quality.face_score", lambda image: next(scores))
    work = {audit_tasks.LABELS: audit_tasks.check_labels_of, audit_tasks.FACES: audit_tasks.look_for_faces}

    def start(task):
        task.folder.mkdir(parents=True, exist_ok=True)
        with tasks.at_work(task) as tell:
            work[task.kind](task, tell)

    monkeypatch.setattr(tasks, "start", start)


def words(app) -> str:
    return "\n".join(item.value for item in [*app.markdown, *app.caption, *app.error, *app.info]).replace("\\", "")


def alts(app) -> list[str]:
    return [image.alt for shown in app.get("image") for image in shown.proto.imgs]


def bar(app) -> tuple[int, str]:
    (shown,) = app.get("progress")
    return shown.proto.value, shown.proto.text.replace("\\", "")


def test_likely_label_errors_are_looked_for_and_found_again(drawn, at_once):
    app = drawn("Labels")
    assert "Five SVMs" in words(app)
    app.button(key="check-labels").click().run()
    assert "**2** of 112 labels are likely wrong" in words(app)
    label = NAMES[TRAINING.labels[5]]
    assert any(f"labelled {label}; {label} → {NAMES[(TRAINING.labels[5] + 1) % 7]}" in alt for alt in alts(app))
    st.cache_resource.clear()  # as after a restart of the server
    fresh = drawn("Labels")
    assert "**2** of 112 labels are likely wrong" in words(fresh), "what was found is there for whoever comes next"
    assert "**2** of 140 faces." in words(drawn("Faces", found="suspected label"))


def test_images_without_a_face_are_looked_for(drawn, at_once):
    assert "No face was looked for yet" in words(drawn("Faces", found="no face"))
    app = drawn("Copies")
    app.button(key="look-for-faces").click().run()
    assert "**1** of 140 images." in words(app)
    assert any(alt.startswith("Face in row 3 of Training") for alt in alts(app))
    assert "**1** of 140 faces." in words(drawn("Faces", found="no face"))


def test_a_recipe_by_a_slow_check_waits_for_it(drawn, at_once):
    app = drawn("Clean")
    app.multiselect(key="clean-drop").set_value(["suspects"]).run()
    assert app.button(key="clean-write").disabled
    app.button(key="check-labels").click().run()
    assert not app.button(key="clean-write").disabled
    app.button(key="clean-write").click().run()
    recipe = read_recipe(next(iter(own_sets().values())))
    assert recipe.by_rule() == {"suspects": 2}


def test_a_running_one_shows_how_far_it_is_and_is_stopped(drawn, monkeypatch):
    LABELS_TASK.folder.mkdir(parents=True)
    workplace.sign_in(LABELS_TASK.folder)  # a process that lives: this one
    app = drawn("Labels")
    assert bar(app) == (0, "Starting …")
    note = {"share": 0.42, "what": "Fitting five models", "seconds_left": 90, "updated": time.time(), "end": "", "sentence": ""}
    (LABELS_TASK.folder / "progress.json").write_text(json.dumps(note))
    app.run()
    assert bar(app)[0] == 42
    assert re.fullmatch(r"Fitting five models … · about (1 min \d+|[3-5]\d) s left", bar(app)[1])
    assert "go on" not in words(app)
    assert not any(button.key == "check-labels" for button in app.button)
    stopped = []
    monkeypatch.setattr(tasks, "stop", stopped.append)
    app.button(key="stop-check-labels").click().run()
    assert stopped == [LABELS_TASK]


def test_a_killed_one_is_said_to_be_so_with_the_way_out(drawn):
    FACES_TASK.folder.mkdir(parents=True)
    (FACES_TASK.folder / "job.json").write_text(json.dumps({"process": {"pid": 2**22 - 1, "started": "long ago"}}))
    (FACES_TASK.folder / "progress.json").write_text(json.dumps({"share": 0.3, "what": "Looking for faces", "end": "", "updated": 1.0}))
    app = drawn("Copies")
    assert "Its process vanished at 30%: it was killed" in words(app)
    assert "start it again" in words(app)
    assert app.button(key="look-for-faces").label == "Look for images without a face"


def test_the_button_starts_a_process_whose_end_a_fresh_page_shows(drawn):
    app = drawn("Labels")
    app.button(key="check-labels").click().run()
    assert not app.error
    deadline = time.monotonic() + 120
    while tasks.find_job(LABELS_TASK).state == "running" and time.monotonic() < deadline:
        time.sleep(0.1)
    assert tasks.find_job(LABELS_TASK).state == "finished", tasks.find_job(LABELS_TASK).sentence
    assert "of 112 labels are likely wrong" in words(drawn("Labels"))
