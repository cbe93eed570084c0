"""FER2013's faces per emotion, split by split."""

import streamlit as st

from fer_engine.data.known import FER2013_COUNTS


def draw() -> None:
    """Draw the class distribution of the three splits on one scale, from known counts: no data set is needed."""
    from dashboard import charts

    total = sum(sum(counts.values()) for counts in FER2013_COUNTS.values())
    st.markdown(
        f"FER2013 holds {total:,} grey faces of 48×48 pixels, found by web search and labelled by hand. A quarter are happy and one in "
        "sixty-six shows disgust, so that accuracy says little of rare emotions."
    )
    longest = max(count / sum(counts.values()) for counts in FER2013_COUNTS.values() for count in counts.values())
    for column, (split, counts) in zip(st.columns(len(FER2013_COUNTS), gap="medium"), FER2013_COUNTS.items(), strict=True):
        with column:
            st.markdown(f"**{split}**, {_ROLES[split]}  \n{sum(counts.values()):,} faces")
            told = ", ".join(f"{name} {count:,}" for name, count in counts.items())
            st.plotly_chart(
                charts.class_distribution(counts, longest),
                key=f"counts-{split}",
                config=charts.download_config(f"fer2013-{split}", "svg"),
                alt=f"Faces per emotion in {split}: {told}.",
            )


_ROLES = {"Training": "learnt from", "PublicTest": "chosen on", "PrivateTest": "final score"}
