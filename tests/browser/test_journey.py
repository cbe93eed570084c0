"""The whole journey in a browser: open, take the sample, compare, look into a layer, bring a bad file."""

import json
import re

from PIL import Image
from playwright.sync_api import expect

expect.set_options(timeout=45_000)  # the first answer loads torch, maybe beside a training


def bars(page, slot):
    return page.locator(f".st-key-bars-{slot} .bars .point")


def settle(page):
    """Wait until the page is drawn: an open list closes when the rest of the page arrives."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.wait_for_timeout(300)


def choose(page, label, option):
    settle(page)
    page.get_by_role("combobox", name=label, exact=True).click()
    page.keyboard.type(option)  # long lists hold only the options in view
    page.get_by_role("option", name=option, exact=True).click()


def test_from_home_to_the_reasons_of_two_models(page):
    page.goto("/")
    expect(page.get_by_role("heading", name="FER Lab")).to_be_visible()
    page.get_by_role("button", name="Analyse a face").click()
    expect(page.get_by_role("heading", name="Analyse a face")).to_be_visible()
    expect(page.get_by_text("Nothing leaves this machine")).to_be_visible()

    expect(bars(page, "a")).to_have_count(7)
    expect(bars(page, "b")).to_have_count(7)
    expect(page.get_by_text(re.compile("The two models (dis)?agree"))).to_be_visible()

    choose(page, "Model B", "net5-softmax")
    expect(page.locator(".st-key-bars-b").get_by_role("figure")).to_have_attribute("aria-label", re.compile("net5-softmax"))
    expect(bars(page, "b")).to_have_count(7)
    expect(page).to_have_url(re.compile("b=net5-softmax"))

    settle(page)
    page.get_by_role("radiogroup", name="Layer of model A").get_by_role("radio", name="conv9").click()
    expect(page.get_by_text("All 256 channels")).to_be_visible()
    expect(page).to_have_url(re.compile("layer_a=conv9"))

    overlay = page.locator(".st-key-heat-a img").first
    expect(overlay).to_have_attribute("alt", re.compile("layer conv9"))
    before = overlay.get_attribute("src")
    choose(page, "Map of model A, from layer", "conv3")
    expect(overlay).not_to_have_attribute("src", before)
    expect(overlay).to_have_attribute("alt", re.compile("layer conv3"))


def test_a_text_file_named_jpg_gets_a_sentence(page):
    page.goto("/analyse?source=upload")
    page.locator("input[type=file]").set_input_files({"name": "note.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"})
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("is no image that can be read")
    expect(page.locator("[data-testid=stException]")).to_have_count(0)


def test_a_link_opens_the_same_view(page):
    page.goto("/analyse?sample=drawn-sad&a=net2-softmax&b=net5-softmax&layer_b=pool2&class=fear")
    expect(page.get_by_role("combobox", name="Model A", exact=True)).to_have_value("net2-softmax")
    expect(page.get_by_text("Evidence for fear")).to_have_count(2)
    expect(page.get_by_role("radiogroup", name="Layer of model B").get_by_role("radio", name="pool2")).to_be_checked()
    assert "layer_b=pool2" in page.url


def test_pictures_and_numbers_can_be_taken_away(page):
    page.goto("/analyse?a=net2-softmax")
    expect(page.get_by_role("button", name="Numbers of both")).to_be_visible()
    settle(page)
    for name, size in (("Probabilities, A", (1000, 484)), ("Heat map, A", (768, 768)), ("Face, 48×48", (48, 48))):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        assert Image.open(download.value.path()).size == size
    with page.expect_download() as download:
        page.get_by_role("button", name="Numbers of both").click()
    tree = json.loads(download.value.path().read_text(encoding="utf-8"))
    assert [model["slot"] for model in tree["models"]] == ["A", "B"]
    assert sum(tree["models"][0]["probabilities"].values()) > 0.999


def test_an_svm_as_model_b_shows_what_it_reads(page):
    page.goto("/analyse?a=net5-softmax&b=net2-softmax")
    expect(bars(page, "b")).to_have_count(7)
    choose(page, "Model B", "svm-hog-landmarks")
    expect(page).to_have_url(re.compile("b=svm-hog-landmarks"))
    expect(page.locator(".st-key-bars-b").get_by_role("figure")).to_have_attribute("aria-label", re.compile("svm-hog-landmarks"))
    expect(page.get_by_role("img", name=re.compile("landmarks", re.IGNORECASE)).first).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("a stroke along each edge"))).to_be_visible()
    expect(page.get_by_text(re.compile("iBUG 300-W")).first).to_be_visible()
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
