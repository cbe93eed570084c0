"""A run in the page Runs: taken in from a zip, opened by a click, reloaded, looked into down to a single face."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from fer_engine.data.synthetic import synthetic
from fer_engine.evaluation.curves import scored_splits
from fer_engine.experiments import lab
from fer_engine.experiments.spec import override
from fer_engine.labels import NAMES
from fer_engine.runs.package import pack
from fer_engine.training.device import Hardware
from fer_engine.training.run import prepare, train_run

expect.set_options(timeout=90_000)  # maybe beside a training


@pytest.fixture
def run():
    """A run of a few filters on the drawn faces, which need no data set."""
    changes = {"network.widths": [4, 4], "network.hidden": [8], "epochs": 1}
    faces = synthetic()
    job = prepare(override(lab.quick("net5"), changes), faces, "journeyman")
    return train_run(job, faces, Hardware(device="cpu", precision="32-true", threads=1))


def settle(page):
    """Wait until the page is drawn."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.wait_for_timeout(300)


def test_a_run_is_taken_in_opened_and_looked_into_down_to_a_face(page, run):
    (scored,) = scored_splits(run).values()
    wrong = int(np.flatnonzero(scored.labels != scored.answers)[0])
    label, answer = NAMES[scored.labels[wrong]], NAMES[scored.answers[wrong]]
    faces = int(((scored.labels == scored.labels[wrong]) & (scored.answers == scored.answers[wrong])).sum())

    page.goto("/runs")
    expect(page.get_by_role("combobox", name="Open a run")).to_be_visible()
    settle(page)
    page.get_by_text("Load a run").click()
    page.locator("input[type=file]").set_input_files({"name": "run.zip", "mimeType": "application/zip", "buffer": pack(run)})
    expect(page.get_by_text("The run 'journeyman' is taken in")).to_be_visible()
    expect(page).to_have_url(re.compile(r"[?&]run=journeyman\b"))
    settle(page)
    page.get_by_role("radio", name="Errors").click()
    expect(page).to_have_url(re.compile(r"[?&]section=Errors\b"))

    page.reload()
    expect(page.get_by_role("heading", name="journeyman")).to_be_visible()
    cell = page.locator(f".st-key-confusion path[aria-label*='Label: {label};'][aria-label*='Answer: {answer};']")
    expect(cell).to_be_visible()
    settle(page)
    cell.click(position={"x": 20, "y": 12})  # beside the number
    expect(page).to_have_url(re.compile(rf"[?&]label={label}&answer={answer}\b"))
    thumbnails = page.locator(".st-key-faces img")
    expect(thumbnails).to_have_count(min(24, faces))
    expect(thumbnails.first).to_have_attribute("alt", re.compile(f"labelled {label}, answered {answer}"))

    settle(page)
    page.locator(".st-key-faces").get_by_role("button", name=f"{label} → {answer}").first.click()
    why = page.get_by_role("dialog")
    expect(why.get_by_text(f"Grad-CAM++ for {answer}")).to_be_visible()
    expect(why.locator(".bars .point")).to_have_count(7)
    with page.expect_download() as download:
        why.get_by_role("button", name="These as PNG").click()
    assert download.value.suggested_filename.startswith("journeyman-row-")
    why.get_by_role("button", name="Close").click()
    expect(why).to_have_count(0)
    expect(page).not_to_have_url(re.compile(r"[?&]row="))


def test_a_click_on_a_row_opens_its_run_and_the_list_serves_the_keyboard(page):
    page.goto("/runs")
    table = page.locator("[data-testid=stDataFrame]")
    expect(table).to_be_visible()
    settle(page)
    head, height = 35, 35  # pixels
    table.click(position={"x": 150, "y": head + height // 2})
    expect(page).to_have_url(re.compile(r"[?&]run=net12-softmax\b"))
    settle(page)
    page.get_by_role("combobox", name="Open a run").click()
    page.keyboard.type("net2-svm")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"[?&]run=net2-svm\b"))
    expect(page.get_by_role("heading", name="net2-svm")).to_be_visible()
    settle(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Report").click()
    report = download.value.path().read_text(encoding="utf-8")
    assert "net2-svm" in report
