"""Taking things away: a page's figures as SVG and PNG, and the laboratory's report, opened from disk."""

import re

from PIL import Image


def saved(page, button) -> bytes:
    with page.expect_download() as download:
        button.click()
    return download.value.path().read_bytes()


def test_figures_are_saved_as_svg_and_png(page, tmp_path):
    page.goto("/compare")
    plot = page.locator(".js-plotly-plot").first
    plot.hover()
    drawn = saved(page, plot.get_by_role("button", name="as SVG")).decode()
    assert drawn.startswith("<svg")
    assert "Accuracy, points (95% interval)" in drawn
    (tmp_path / "figure.png").write_bytes(saved(page, plot.get_by_role("button", name="as PNG")))
    picture = Image.open(tmp_path / "figure.png")
    width = int(re.search(r'width="(\d+)"', drawn)[1])
    assert picture.size[0] == 3 * width
    page.goto("/runs?run=net5-svm&section=Errors")
    page.locator("[data-testid=stVegaLiteChart]").hover()
    matrix = saved(page, page.get_by_role("button", name="Save Confusion-matrix-of-net5-svm as SVG")).decode()
    assert matrix.startswith("<svg")
    assert ">784<" in matrix, "happy faces, answered happy"


def test_report_is_made_on_the_page_and_opens_from_disk(page, browser, tmp_path):
    page.goto("/compare?runs=net5-softmax&runs=net5-svm")
    page.get_by_text("Report of the laboratory").click()
    page.get_by_role("button", name="Make the report").click()
    page.get_by_role("button", name=re.compile("Save the report")).wait_for(timeout=120_000)
    (tmp_path / "lab.html").write_bytes(saved(page, page.get_by_role("button", name=re.compile("Save the report"))))
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark", offline=True)
    report, wrong, asked = context.new_page(), [], []
    report.on("pageerror", lambda error: wrong.append(str(error)))
    report.on("request", lambda request: asked.append(request.url))
    report.goto((tmp_path / "lab.html").as_uri())
    report.locator("#Accuracy-against-time").scroll_into_view_if_needed()
    report.locator("#figure-compare-training .main-svg").first.wait_for()
    assert report.evaluate("document.documentElement.scrollWidth") <= 390
    assert report.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 22, 28)"
    drawn = saved(report, report.locator('[data-figure="figure-compare-training"][data-format="svg"]')).decode()
    assert "net5-softmax" in drawn
    assert not wrong
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    context.close()
