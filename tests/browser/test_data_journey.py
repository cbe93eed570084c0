"""A set of one's own: dropped on the page, its faults found, a recipe written, and a training on what is left begun."""

import io
import re
import zipfile

import pytest
from playwright.sync_api import expect

from fer_engine.data.synthetic import synthetic
from fer_engine.explain.render import to_png
from fer_engine.labels import NAMES

expect.set_options(timeout=90_000)  # beside a training the page may hardly move
TWICE = 8  # a face that stands in two folders
WRONG, MEANT, TAKEN_FOR = 37, 2, 5  # a fear that lies in the folder of surprise, and is the likeliest error of all


@pytest.fixture
def server(serving):
    """A dashboard for each journey: what is brought becomes the usual data set, which would be in another's way."""
    with serving() as address:
        yield address


def packed() -> bytes:
    """A hundred and forty drawn faces in folders, one of them in another emotion's alone, and one in another's too."""
    faces, buffer = synthetic(140), io.BytesIO()
    labels = faces.labels.copy()
    labels[WRONG] = TAKEN_FOR
    with zipfile.ZipFile(buffer, "w") as archive:
        for row, (image, label) in enumerate(zip(faces.images, labels, strict=True)):
            archive.writestr(f"own/{NAMES[label]}/{row:03}.png", to_png(image))
        archive.writestr(f"own/{NAMES[(labels[TWICE] + 1) % 7]}/planted.png", to_png(faces.images[TWICE]))
    return buffer.getvalue()


def planted_row() -> int:
    """The row of the wrong label in the set that is brought: images come in by their paths."""
    names = sorted(zipfile.ZipFile(io.BytesIO(packed())).namelist())
    return names.index(f"own/{NAMES[TAKEN_FOR]}/{WRONG:03}.png")


def settle(page):
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.wait_for_timeout(300)


def bring(page):
    page.goto("/data")
    settle(page)
    page.get_by_text("Bring a data set").click()
    page.locator("input[type=file]").first.set_input_files({"name": "own.zip", "mimeType": "application/zip", "buffer": packed()})
    expect(page.get_by_text("141 images in folders of these names")).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Bring it in").click()
    expect(page.get_by_text("'own': 141 faces came in")).to_be_visible()
    settle(page)


def choose(page, box, *options):
    page.get_by_role("combobox", name=box).click()
    for option in options:
        page.get_by_role("option", name=option).click()
    page.keyboard.press("Escape")
    settle(page)


def test_a_set_is_brought_checked_cleaned_and_trained_on(page):
    page.set_default_timeout(90_000)
    bring(page)
    page.get_by_role("radio", name="Copies", exact=True).click()
    expect(page.locator(".st-key-group-exact-copies-1 img")).to_have_count(2)
    expect(page.get_by_text("labels conflict").first).to_be_visible()
    settle(page)

    page.get_by_role("radio", name="Labels", exact=True).click()
    page.get_by_role("button", name="Check the labels of Training").click()
    first = page.locator(".st-key-suspects img").first  # the page follows the check's process and shows what it found by itself
    wrong, right = NAMES[TAKEN_FOR], NAMES[MEANT]
    expect(first).to_have_attribute("alt", f"Face in row {planted_row()} of Training, labelled {wrong}; {wrong} → {right}")
    found = int(re.match(r"\d+", page.get_by_text(re.compile(r"^\d+ of \d+ labels are likely wrong")).inner_text())[0])
    page.reload()
    expect(page.locator(".st-key-suspects img")).to_have_count(found)
    settle(page)

    page.get_by_role("radio", name="Clean", exact=True).click()
    expect(page.get_by_role("button", name="Write the recipe")).to_be_visible()
    settle(page)
    choose(page, "Leave out", "copies with conflicting labels")
    choose(page, "Leave out", "suspected labels")
    choose(page, re.compile("^In$|Selected.*In$"), "PublicTest")
    page.get_by_role("button", name="Write the recipe").click()
    expect(page.get_by_text(re.compile(r"leaves \d+ of 141 faces"))).to_be_visible()
    expect(page.get_by_role("cell", name="conflicts", exact=True)).to_be_visible()
    expect(page.get_by_role("row", name=f"suspects {found}")).to_be_visible()
    settle(page)

    page.get_by_role("button", name="Train on it").click()
    expect(page).to_have_url(re.compile(r"/train\b"))
    expect(page.get_by_text("own-cleaned:")).to_be_visible()
    settle(page)
    launch(page, "on-own")


def launch(page, name):
    page.get_by_label("Name of the run", exact=True).fill(name)
    page.keyboard.press("Enter")
    settle(page)
    page.get_by_role("button", name="Launch").click()
    expect(page).to_have_url(re.compile(rf"[?&]job={name}\b"))
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    page.wait_for_function("() => /Finished/.test(document.querySelector('.st-key-state')?.innerText || '')")
    expect(page.locator("[data-testid=stException]")).to_have_count(0)


def test_a_run_is_tried_on_another_set_and_fine_tuned(page):
    page.set_default_timeout(90_000)
    page.goto("/data?data=synthetic&size=140&part=Transfer&transfer-run=net2-softmax")
    expect(page.get_by_text("7 of 7: angry")).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Evaluate").click()
    expect(page.get_by_text("Another data set: net2-softmax learnt from 'fer2013'")).to_be_visible()
    expect(page.get_by_text("By emotion")).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Set it up on the page Train").click()
    expect(page).to_have_url(re.compile(r"/train\b"))
    expect(page.get_by_role("listitem").filter(has_text="Layers that learn")).to_contain_text("all → head")
    settle(page)
    launch(page, "tuned")
    page.goto("/data?data=synthetic&size=140&part=Transfer&transfer-run=net2-softmax")
    expect(page.get_by_role("cell", name="tuned", exact=True)).to_be_visible()
    expect(page.get_by_role("cell", name="head only")).to_be_visible()
    page.goto("/runs?run=tuned")
    expect(page.get_by_text("Accuracy before")).to_be_visible()
    expect(page.locator("[data-testid=stException]")).to_have_count(0)


def test_a_box_on_the_map_shows_its_faces(page):
    page.set_default_timeout(90_000)
    page.goto("/data?part=Map&map-method=PCA&size=140")
    expect(page.get_by_text("140 of 140 faces by what the last hidden layer")).to_be_visible()
    area = page.locator(".st-key-face-map .nsewdrag").first
    expect(area).to_be_visible()
    settle(page)
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    page.mouse.move(box["x"] + 3, box["y"] + 3)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=5)
    page.mouse.move(box["x"] + box["width"] - 3, box["y"] + box["height"] - 3, steps=5)
    page.mouse.up()
    expect(page.get_by_text(re.compile(r"^140 faces: "))).to_be_visible()
    expect(page.locator(".st-key-map-faces img")).to_have_count(48)
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
