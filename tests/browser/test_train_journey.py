"""A run from its form to its last figure: launched, reloaded, watched, stopped, resumed, finished, opened."""

import re

from playwright.sync_api import expect

expect.set_options(timeout=90_000)  # the run gives way to everything else: beside a training it may hardly move


def settle(page):
    """Wait until the page is drawn: an open list closes when the rest of the page arrives."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.wait_for_timeout(300)


def fill(page, label, value, shows):
    """Fill a field and wait for what the column beside the form says then."""
    field = page.get_by_label(label, exact=True)
    expect(field).to_have_count(1)
    field.fill(value)
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-beside")).to_contain_text(shows)
    settle(page)


def badge(page):
    """The word beside the run's name; before it stands an icon."""
    return page.locator(".st-key-state")


def epochs_drawn(page):
    return int(re.search(r"after epoch (\d+)", page.locator(".st-key-live-accuracy [aria-label]").first.get_attribute("aria-label"))[1])


def test_a_run_is_launched_watched_stopped_resumed_and_opened(page):
    page.set_default_timeout(90_000)
    page.goto("/train?data=synthetic&size=350")
    expect(page.get_by_text("synthetic: 280 Training, 35 PublicTest")).to_be_visible()
    settle(page)
    page.get_by_role("combobox", name="Network").click()
    page.get_by_role("option", name="after LeNet").click()
    settle(page)
    page.get_by_text("All settings").click()
    expect(page.locator("input[value='32, 64']")).to_be_visible()
    fill(page, "Convolutions (filters each)", "2, 4", "network.widths: 32-64 → 2-4")
    fill(page, "Hidden layers (units each)", "16", "network.hidden: 2048-128 → 16")
    fill(page, "Epochs (passes)", "0", "epochs is 0; it must be at least 1.")
    expect(page.get_by_role("button", name="Launch")).to_be_disabled()
    fill(page, "Epochs (passes)", "80", "epochs: 6 → 80")
    page.get_by_label("Name of the run", exact=True).fill("journey")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Launch").click()
    expect(page).to_have_url(re.compile(r"[?&]job=journey\b"))

    page.reload()
    expect(page.get_by_role("heading", name="journey")).to_be_visible()
    expect(page.locator(".st-key-live-accuracy canvas, .st-key-live-accuracy svg").first).to_be_visible()
    drawn = epochs_drawn(page)
    page.wait_for_function(
        "n => +document.querySelector('.st-key-live-accuracy [aria-label]').getAttribute('aria-label').match(/after epoch (\\d+)/)[1] > n",
        arg=drawn,
    )
    page.get_by_test_id("stMainBlockContainer").get_by_role("button", name="Stop").click()
    expect(badge(page)).to_contain_text("Stopped")
    stopped_at = epochs_drawn(page)
    assert drawn < stopped_at < 80

    settle(page)
    page.goto("/runs?run=journey")
    settle(page)
    page.get_by_role("link", name="Watch and steer").click()
    expect(page).to_have_url(re.compile(r"/train\?.*job=journey\b"))
    expect(badge(page)).to_contain_text("Stopped")
    settle(page)
    page.get_by_role("button", name="Resume").click()
    expect(badge(page)).to_contain_text("Finished")
    expect(page.locator(".st-key-live-accuracy [aria-label]").first).to_have_attribute("aria-label", re.compile("after epoch 80"))

    settle(page)  # the page draws itself anew when the run ends; a click in that moment would go to what is gone
    page.get_by_role("link", name="Open in Runs").click()
    expect(page).to_have_url(re.compile(r"/runs\?.*run=journey\b"))
    expect(page.get_by_role("heading", name="journey")).to_be_visible()
    settle(page)
    page.get_by_role("radiogroup", name="Section").get_by_role("radio", name="Errors").click()
    page.locator(".mark-rect path").nth(24).click(position={"x": 20, "y": 12})  # label and answer: the fourth emotion
    expect(page.get_by_text("faces labelled happy, answered happy")).to_be_visible()
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
