"""Two runs in the page Compare: read in words, looked into down to the faces behind a cell, joined by a third."""

import re

from playwright.sync_api import expect
from test_runs_journey import settle

from fer_engine.evaluation.comparison import compare
from fer_engine.evaluation.comparison_faces import moved_faces
from fer_engine.runs.store import finished_run

expect.set_options(timeout=90_000)  # maybe beside a training


def test_a_click_on_a_cell_lists_the_faces_that_b_fixed_and_broke(page):
    (pair,) = compare({name: finished_run(name) for name in ("net5-softmax", "net12-softmax")}).pairs
    moved = moved_faces(pair.a, pair.b, "fear", "sad")

    page.goto("/compare")
    expect(page.get_by_text(pair.verdict)).to_be_visible()
    settle(page)
    page.get_by_role("radio", name="Errors").click()
    expect(page).to_have_url(re.compile(r"[?&]view=Errors\b"))
    cell = page.locator(".st-key-difference path[aria-label*='Label: fear;'][aria-label*='Answer: sad;']")
    expect(cell).to_be_visible()
    settle(page)
    cell.click(position={"x": 20, "y": 12})  # beside the number
    expect(page).to_have_url(re.compile(r"[?&]label=fear&answer=sad\b"))
    expect(page.get_by_text(f"B fixed {len(moved.fixed)} and broke {len(moved.broke)}.")).to_be_visible()
    expect(page.get_by_text("No data set is at hand")).to_be_visible()
    settle(page)
    with page.expect_download() as download:
        page.locator("[class*='fear-sad-csv']").get_by_role("button").click()
    lines = download.value.path().read_text(encoding="utf-8").splitlines()[1:]
    assert [int(line.split(",")[0]) for line in lines if ",broke," in line] == moved.broke.tolist()


def test_a_third_run_joins_by_keyboard_and_a_reload_keeps_all(page):
    page.goto("/compare?runs=net5-softmax&runs=svm-landmarks")
    expect(page.get_by_text(re.compile("net5-softmax is better than svm-landmarks by"))).to_be_visible()
    settle(page)
    page.get_by_role("combobox", name="Runs").click()
    page.keyboard.type("svm-pca-aligned")  # which is in no other run's name: of several that match Enter takes all
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"[?&]runs=svm-pca-aligned\b"))
    expect(page.get_by_text(re.compile("svm-pca-aligned is better than svm-landmarks by"))).to_be_visible()
    page.reload()
    expect(page.get_by_text("p is corrected after Holm for 3 tests.")).to_be_visible()
