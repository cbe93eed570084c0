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
PLANTED = 8  # a face that stands in two folders


@pytest.fixture
def server(serving):
    """A dashboard for each journey: what is brought becomes the usual data set, which would be in another's way."""
    with serving() as address:
        yield address


def packed() -> bytes:
    """Seventy drawn faces in folders, one of them a second time in another emotion's."""
    faces, buffer = synthetic(70), io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for row, (image, label) in enumerate(zip(faces.images, faces.labels, strict=True)):
            archive.writestr(f"own/{NAMES[label]}/{row:03}.png", to_png(image))
        wrong = NAMES[(faces.labels[PLANTED] + 1) % 7]
        archive.writestr(f"own/{wrong}/planted.png", to_png(faces.images[PLANTED]))
    return buffer.getvalue()


def settle(page):
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.wait_for_timeout(300)


def test_a_set_is_brought_checked_cleaned_and_trained_on(page):
    page.set_default_timeout(90_000)
    page.goto("/data")
    settle(page)
    page.get_by_text("Bring a data set").click()
    page.locator("input[type=file]").first.set_input_files({"name": "own.zip", "mimeType": "application/zip", "buffer": packed()})
    expect(page.get_by_text("71 images in folders of these names")).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Bring it in").click()
    expect(page.get_by_text("'own': 71 faces came in")).to_be_visible()
    settle(page)

    page.get_by_role("radio", name="Copies", exact=True).click()
    expect(page.locator(".st-key-group-exact-copies-1 img")).to_have_count(2)
    expect(page.get_by_text("labels conflict").first).to_be_visible()
    settle(page)

    page.get_by_role("radio", name="Clean", exact=True).click()
    expect(page.get_by_role("button", name="Write the recipe")).to_be_visible()
    settle(page)
    page.get_by_role("combobox", name="Leave out").click()
    page.get_by_role("option", name="copies with conflicting labels").click()
    page.keyboard.press("Escape")
    settle(page)
    page.get_by_role("combobox", name=re.compile("^In$|Selected.*In$")).click()
    page.get_by_role("option", name="PublicTest").click()
    page.keyboard.press("Escape")
    settle(page)
    page.get_by_role("button", name="Write the recipe").click()
    expect(page.get_by_text("leaves 69 of 71 faces: 2 are left out")).to_be_visible()
    settle(page)

    page.get_by_role("button", name="Train on it").click()
    expect(page).to_have_url(re.compile(r"/train\b"))
    expect(page.get_by_text("own-cleaned:")).to_be_visible()
    settle(page)
    page.get_by_label("Name of the run", exact=True).fill("on-own")
    page.keyboard.press("Enter")
    settle(page)
    page.get_by_role("button", name="Launch").click()
    expect(page).to_have_url(re.compile(r"[?&]run=on-own\b"))
    expect(page.get_by_role("heading", name="on-own")).to_be_visible()
    page.wait_for_function("() => /Finished/.test(document.querySelector('.st-key-state')?.innerText || '')")
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
