"""Going from page to page: a link shows what it names, whatever was chosen there before, and no page's widget is another's."""

import pytest


def go(app, page: str, **query):
    """Go to another page in the same session, as a link does."""
    app.switch_page(f"../pages/{page}.py")
    app.query_params.clear()
    for key, value in query.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    assert not app.error
    return app


def test_a_link_to_a_default_wins_over_what_was_chosen_before(open_page):
    app = open_page("analyse")
    usual = app.selectbox(key="a").value
    app.selectbox(key="a").set_value("net5-softmax").run()
    assert go(go(app, "runs"), "analyse", a=usual).selectbox(key="a").value == usual
    app.selectbox(key="a").set_value("net5-softmax").run()  # and what is chosen after it counts
    assert app.selectbox(key="a").value == "net5-softmax"
    assert go(go(app, "runs"), "analyse").selectbox(key="a").value == "net5-softmax"  # a link that names none leaves it


def test_a_link_to_a_lost_run_says_so_on_a_later_visit_too(open_page):
    app = go(go(open_page("analyse"), "runs"), "analyse", a="removed")
    assert any("no finished run 'removed'" in item.value for item in app.warning)
    app.selectbox(key="a").set_value("net5-softmax").run()
    assert not app.warning


def test_a_link_to_runs_to_compare_wins(open_page):
    app = open_page("compare")
    usual = app.multiselect(key="runs").value
    app.multiselect(key="runs").set_value(["net2-softmax", "net2-svm"]).run()
    app = go(app, "runs")
    app.switch_page("../pages/compare.py")
    app.query_params["runs"] = usual
    app.run()
    assert app.multiselect(key="runs").value == usual


@pytest.mark.parametrize("page", ["train", "data"])
def test_drawn_faces_and_the_crop_have_sizes_of_their_own(open_page, page):
    app = open_page(page, data="synthetic", size="140")
    app = go(app, "analyse", sample="drawn-happy")
    assert app.slider(key="crop-size").value == 100
    app.slider(key="crop-size").set_value(120).run()
    assert go(app, page, data="synthetic").number_input(key="size").value == 140


def test_a_study_that_is_gone_by_now_falls_back_to_one_that_is_there(open_page):
    from fer_engine.ablations import catalogue

    catalogue.keep("mine", "vary.epochs = [1]")
    app = open_page("ablations", study="mine")
    assert app.selectbox(key="study").value == "mine"
    (catalogue.folder_of("mine") / catalogue.FILE).unlink()
    app.run()
    assert not app.exception
    assert not app.error
    assert app.selectbox(key="study").value == catalogue.names()[0]


def test_an_svm_cannot_fill_the_form_of_a_network(open_page):
    app = open_page("train", like="svm-hog")
    assert any("is an SVM, and this needs a network" in item.value for item in app.error)
