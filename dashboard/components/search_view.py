"""A search: how far it is, what it found, and the buttons that steer it."""

from typing import TYPE_CHECKING

import streamlit as st

from dashboard import charts, search_charts, search_tables, text
from dashboard.components import table_downloads
from dashboard.components.errors import sentences
from dashboard.components.train_words import duration
from dashboard.text import plain
from fer_engine.classical import search_jobs
from fer_engine.classical.search import find_search

if TYPE_CHECKING:
    from fer_engine.classical.nested_cv import Outcome
    from fer_engine.classical.search import Search
    from fer_engine.classical.search_jobs import SearchJob


def draw(name: str) -> None:
    """Draw the search of that name, anew every second while a process works on it."""
    running = search_jobs.find_job(find_search(name)).state == "running"

    @st.fragment(run_every=1 if running else None)
    def panel() -> None:
        with sentences():
            job = search_jobs.find_job(find_search(name))
            if (job.state == "running") != running:
                st.rerun()
            _about(job.search)
            if job.state == "finished":
                _results(job.search)
            else:
                _unfinished(job)
            if not job.search.shipped:
                _delete(job.search)

    panel()


def _about(search: "Search") -> None:
    st.caption(plain(search_tables.about(search)))


def _unfinished(job: "SearchJob") -> None:
    progress = job.progress
    if job.sentence:
        (st.error if job.state == "failed" else st.info)(plain(job.sentence))
    if progress and progress.total:
        words = f"{progress.done} of {progress.total} folds"
        if job.state == "running" and progress.seconds_left is not None:
            words += f" · about {duration(progress.seconds_left)} left"
        st.progress(progress.done / progress.total, words)
        if progress.leading and progress.accuracy is not None:
            st.markdown(f"Leading so far: **{progress.leading}**, {text.percent(progress.accuracy)} on the inner folds.")
    elif job.state == "running":
        st.progress(0.0, "Starting …")
    if job.state == "running":
        if st.button("Stop", icon=":material/stop:", key="stop-search", help="Folds that are done stay; it can go on."):
            with st.spinner("Stopping …"):
                search_jobs.stop(job.search)
            st.rerun()
    elif st.button("Go on", icon=":material/play_arrow:", key="resume-search", type="primary"):
        search_jobs.start(job.search, search_jobs.data_of(job.search), skip_bad=search_jobs.skips_bad(job.search))
        st.rerun()


def _results(search: "Search") -> None:
    outcome, about = search.outcome(), search.about
    _figures(search, outcome)
    _heat_maps(search)
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("By number of components", anchor=False)
        st.caption("For each number the inner folds choose kernel, C and gamma; mean and standard deviation over the outer folds.")
        numbers = search.spec.grid.n_components
        means = [item.mean for item in outcome.paper]
        st.plotly_chart(
            search_charts.by_components(numbers, means, [item.deviation for item in outcome.paper]),
            key="by-components",
            config=charts.download_config(f"{search.name}-components", "svg"),
            alt="; ".join(f"{number} components {text.percent(mean)}" for number, mean in zip(numbers, means, strict=True)),
        )
    with right:
        st.subheader("Explained variance", anchor=False)
        shares = about["explained_variance"]
        st.caption("Of all faces that were searched.")
        st.plotly_chart(
            search_charts.explained_variance(shares, numbers),
            key="explained-variance",
            config=charts.download_config(f"{search.name}-variance", "svg"),
            alt="; ".join(f"{number} components explain {text.percent(shares[number - 1])}" for number in numbers),
        )
    _tables(search, outcome)


def _figures(search: "Search", outcome: "Outcome") -> None:
    about = search.about
    paper = max(item.mean for item in outcome.paper)
    nested, scheme, time = st.columns(3)
    nested.metric(
        "Fully nested",
        f"{text.percent(outcome.nested.mean)} ± {100 * outcome.nested.deviation:.1f}",
        help="The inner folds choose everything, the outer folds judge. Mean and standard deviation over the outer folds. Equal faces are "
        "taken once; near copies in both kinds of folds still make it a little too good.",
    )
    scheme.metric(
        f"Paper's scheme: {outcome.paper_best:,} components",
        text.percent(paper),
        help="The outer folds choose the number of components and judge it too, so that this is a little too good.",
    )
    time.metric("Time", duration(about["seconds"]), help=f"On {about['workers']['processor']}, {about['workers']['jobs']} folds at once.")
    st.markdown(f"Chosen by all inner folds: **{outcome.winner.told()}** ({text.percent(outcome.winner_accuracy)} on them).")


def _heat_maps(search: "Search") -> None:
    st.subheader("Accuracy by C and gamma", anchor=False)
    kernels = list(search.spec.grid.kernels)
    kernel = st.segmented_control("Kernel", kernels, default=kernels[-1], required=True, key="kernel", bind="query-params")
    found = search_tables.panels(search, kernel or kernels[-1])
    if found is None:
        st.info("Every candidate of this kernel was dropped after the first inner fold.")
        return
    st.caption("Mean over all inner folds of all outer folds; the best cell has a frame.")
    with st.container(key="panels"):  # scrolls sideways on a telephone, where three panels abreast could not be read
        st.plotly_chart(
            search_charts.heat_maps(found.means, found.components, found.rows, found.prices, found.best),
            key="search-heat-maps",
            config=charts.download_config(f"{search.name}-{kernel}", "svg"),
            alt=found.told,
        )


def _tables(search: "Search", outcome: "Outcome") -> None:
    from fer_engine.classical.search_results import results_table

    st.subheader("By number of components, in figures", anchor=False)
    numbers = search_tables.by_components(search, outcome)
    st.table(numbers, border="horizontal", hide_index=True, width="content", alt="Accuracy and explained variance by number of components")
    table_downloads.draw(numbers, f"{search.name}-components", f"By number of components, '{search.name}': {search_tables.about(search)}")
    st.subheader("What each outer fold chose", anchor=False)
    chosen = search_tables.choices(outcome)
    st.table(chosen, border="horizontal", hide_index=True, alt="The candidate of each outer fold")
    table_downloads.draw(chosen, f"{search.name}-choices", f"What the inner folds of '{search.name}' chose")
    st.subheader("All candidates", anchor=False)
    table = results_table(search)
    st.dataframe(table, hide_index=True, height=280, key="candidates", alt="All candidates, the best first")
    table_downloads.draw(table, f"{search.name}-candidates", f"Candidates of '{search.name}', mean over the inner folds")


def _delete(search: "Search") -> None:
    with st.popover("Delete", icon=":material/delete:"):
        st.markdown(f"The search **{plain(search.name)}** goes, with all its scores. This cannot be undone.")
        if st.button("Delete it for good", key="delete-search", type="primary"):
            search_jobs.delete(search)
            st.rerun(scope="app")
