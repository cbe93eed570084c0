"""A study from its text to the faces behind a difference: kept, launched, watched, finished, compared; and before a face."""

import re

from playwright.sync_api import expect

expect.set_options(timeout=90_000)  # the runs give way to everything else: beside a training they may hardly move

# Two rows that differ for certain: one learns, the other hardly moves from where it began.
STUDY = """
base = {recipe = "quick", model = "net2"}
set = {epochs = 4, batch_size = 16, network.widths = [4, 8], network.hidden = [16], "optimizer.lr" = 0.02}
[vary]
"optimizer.lr" = [0.0000001]
"""


def settle(page):
    """Wait until the page is drawn."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.wait_for_timeout(300)


def keep_study(page):
    """Bring a study of one's own, as the page asks for it."""
    page.goto("/ablations?data=synthetic&size=350")
    expect(page.get_by_role("heading", name="Train what is missing")).to_be_visible()
    settle(page)
    page.get_by_text("A study of your own").click()
    page.get_by_label("Name of the study").fill("journey")
    page.keyboard.press("Enter")
    settle(page)
    page.get_by_label("The study, as TOML").fill(STUDY)
    page.keyboard.press("Control+Enter")
    settle(page)
    page.get_by_role("button", name="Keep it").click()
    expect(page).to_have_url(re.compile(r"[?&]study=journey\b"))
    expect(page.get_by_text("2 of 2 rows have no finished run on this data yet")).to_be_visible()
    settle(page)


def explain_by_both(page):
    """Open the first face that B broke: both runs explain it, beside each other."""
    page.locator(".st-key-faces-broke").get_by_role("button", name="A happy").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("B broke what A had right.")).to_be_visible()
    for letter in "AB":
        expect(dialog.get_by_alt_text(re.compile(rf"^{letter}, ablate-journey.*: Grad-CAM\+\+ for happy"))).to_be_visible()
    a, b = (dialog.get_by_role("heading", name=re.compile(f"{letter} says")).bounding_box() for letter in "AB")
    assert a["x"] + a["width"] <= b["x"]  # beside each other
    assert a["y"] == b["y"]
    settle(page)
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Both as PNG").click()
    assert re.fullmatch(r"ablate-journey.*-to-ablate-journey.*-row-\d+\.png", download.value.suggested_filename)


def test_a_study_is_launched_finished_and_compared_down_to_its_faces(page):
    page.set_default_timeout(90_000)
    keep_study(page)
    expect(page.get_by_text("synthetic: 280 Training, 35 PublicTest")).to_be_visible()
    page.get_by_role("combobox", name="Rows to train").click()
    page.get_by_role("option", name="base", exact=True).click()
    settle(page)
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_text("1 of 2 rows has no finished run on this data yet: Learning rate")).to_be_visible()
    expect(page.get_by_text("All tried")).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Train", exact=True).click()  # all that are missing, which is now the other row
    expect(page.get_by_text("All of its runs on synthetic are finished.")).to_be_visible()
    expect(page.get_by_text(re.compile("minus base: −"))).to_be_visible()  # the conclusion, from both runs
    settle(page)
    before_a_face = page.get_by_role("link", name="Ask all rows about a face").get_attribute("href")

    page.get_by_role("link", name="Compare these 2 rows").click()
    expect(page).to_have_url(re.compile(r"/compare\?runs=ablate-journey-base-s0&runs=ablate-journey-optimizer"))
    expect(page.get_by_text(re.compile("ablate-journey-base-s0 is better than ablate-journey-optimizer"))).to_be_visible()
    settle(page)
    page.get_by_role("radio", name="Errors").click()
    cell = page.locator(".st-key-difference path[aria-label*='Label: happy;'][aria-label*='Answer: happy;']")
    expect(cell).to_be_visible()
    settle(page)
    cell.click(position={"x": 20, "y": 12})  # beside the number
    expect(page).to_have_url(re.compile(r"[?&]label=happy&answer=happy\b"))
    told = page.get_by_text(re.compile(r"B fixed \d+ and broke \d+\."))
    expect(told).to_be_visible()
    fixed, broke = map(int, re.findall(r"\d+", told.inner_text()))
    assert broke > fixed
    settle(page)
    expect(page.get_by_role("heading", name=f"Fixed: {fixed}", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name=f"Broke: {broke}", exact=True)).to_be_visible()
    thumbnails = page.locator(".st-key-faces-broke img")
    expect(thumbnails).to_have_count(broke)
    expect(thumbnails.first).to_have_attribute("alt", re.compile("labelled happy; A says happy with .*, B says"))
    explain_by_both(page)

    page.goto(before_a_face)
    expect(page.get_by_text("2 of 2 rows answer. The base says")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile(r"^Probabilities: angry \d"))).to_have_count(2)
    settle(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Strip as PNG").click()
    assert download.value.suggested_filename == "strip-journey.png"
    expect(page.locator("[data-testid=stException]")).to_have_count(0)


def test_two_rows_that_are_ticked_in_runs_open_in_compare(page):
    page.goto("/runs?find=softmax")
    table = page.locator("[data-testid=stDataFrame]")
    expect(table).to_be_visible()
    settle(page)
    head, height = 35, 35  # pixels
    table.click(position={"x": 16, "y": head + height // 2})
    expect(page).to_have_url(re.compile(r"[?&]run=net12-softmax\b"))  # one tick opens the run
    expect(page.get_by_role("link", name="Compare with net5-softmax")).to_be_visible()
    settle(page)
    table.click(position={"x": 16, "y": head + height + height // 2})
    expect(page.get_by_role("link", name="Compare these 2 runs")).to_be_visible()
    expect(page.get_by_role("heading", name="net12-softmax")).to_be_visible()  # and stays open
    settle(page)
    table.click(position={"x": 150, "y": head + 2 * height + height // 2})  # a cell opens its run and leaves the ticks
    expect(page.get_by_role("heading", name="net5-softmax")).to_be_visible()
    settle(page)
    page.get_by_role("link", name="Compare these 2 runs").click()
    expect(page).to_have_url(re.compile(r"/compare\?runs=net12-softmax&runs=net2-softmax"))
    expect(page.get_by_text(re.compile("net12-softmax and net2-softmax|than net2-softmax|than net12-softmax")).first).to_be_visible()
