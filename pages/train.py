"""Train: put a run together, launch it, watch and steer it."""

import streamlit as st

from dashboard.components import style
from dashboard.components.errors import sentences
from dashboard.text import plain


def main() -> None:
    from dashboard.components import train_queue

    name = st.query_params.get("job", "")
    if name:
        with sentences():
            watch(name)
    else:
        with sentences():
            new_run(st.query_params.get("like", ""))
    st.header("Queue", anchor="queue")
    train_queue.draw()


def watch(name: str) -> None:
    from dashboard.components import train_live

    if st.button("New run", icon=":material/add:", key="new-run"):
        del st.query_params["job"]
        st.rerun()
    train_live.draw(name)


def new_run(like: str) -> None:
    from dashboard.components import train_form, train_launch

    st.header("New run", anchor="new")
    if like:
        left, right = st.columns([3, 1], vertical_alignment="center")
        left.markdown(f"Filled from the run **{plain(like)}**: change what you like, and give it a name of its own.")
        if right.button("Begin from a preset", key="no-pattern"):
            del st.query_params["like"]
            st.rerun()
    form, beside = st.columns([3, 2], gap="large")
    with form:
        draft = train_form.draw(like)
    with beside, st.container(key="beside"):
        train_launch.draw(draft)


st.title("Train")
style.apply()
st.markdown("Every run is a process of its own: it goes on when you close the browser, and can be stopped and resumed at any time.")
with sentences():
    main()
