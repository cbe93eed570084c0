"""What a data set holds: faces per emotion and split, mean faces, exposure and focus."""

from typing import TYPE_CHECKING

import streamlit as st

from dashboard import data_resources as resources
from dashboard.components import data_tiles, table_downloads
from dashboard.components.data_view import Opened
from dashboard.data_gallery import Tile, enlarged

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from fer_engine.data.audit_quality import Quality


def draw(opened: Opened) -> None:
    """Draw the overview."""
    _classes(opened)
    _mean_faces(opened)
    _quality(opened)


def _classes(opened: Opened) -> None:
    from dashboard import charts
    from fer_engine.data.summary import class_table

    counts = opened.faces.counts()
    st.subheader("Faces per emotion", anchor="classes")
    longest = max(number / sum(each.values()) for each in counts.values() for number in each.values())
    for column, (split, each) in zip(st.columns(len(counts), gap="medium"), counts.items(), strict=True):
        with column:
            st.markdown(f"**{split}**: {sum(each.values()):,} faces")
            st.plotly_chart(
                charts.class_distribution(each, longest),
                key=f"data-classes-{split}",
                config=charts.download_config(f"{opened.file}-{split}", "svg"),
                alt=f"Faces per emotion in {split}: " + ", ".join(f"{name} {number:,}" for name, number in each.items()),
            )
    frame = class_table(counts)
    with st.expander("As a table", icon=":material/table_rows:"):
        st.table(frame, border="horizontal", hide_index=True, alt="Faces per emotion and split, counts and shares")
    table_downloads.draw(frame, f"{opened.file}-classes", f"Faces per emotion and split of {opened.faces.name}")


def _mean_faces(opened: Opened) -> None:
    st.subheader("Mean face of each emotion", anchor="mean-faces")
    splits = opened.faces.splits
    split = st.segmented_control("Split", splits, default=splits[0], required=True, key="mean-of", bind="query-params")
    found = resources.mean_faces(opened.key, opened.faces, split or splits[0])
    tiles = [Tile(enlarged(face), name, f"Mean of {split}'s faces labelled {name}") for name, face in found.items()]
    data_tiles.draw(tiles, f"{opened.file}-mean-faces", key="mean-faces")


def _quality(opened: Opened) -> None:
    from dashboard import charts, data_charts

    st.subheader("Exposure and focus", anchor="quality")
    with st.spinner("Measuring the images …"):
        quality = resources.quality(opened.key, opened.faces)
    for column, name in zip(st.columns(3, gap="medium"), data_charts.MEASURES, strict=True):
        with column:
            st.markdown(f"**{name.capitalize()}**")
            st.plotly_chart(
                data_charts.quality_histogram(quality, opened.faces.split, name),
                key=f"data-{name}",
                config=charts.download_config(f"{opened.file}-{name}", "svg"),
                alt=f"Distribution of {name} over the images of each split; median {_median(getattr(quality, name))}.",
            )
    st.caption(
        f"Medians over all splits: brightness {_median(quality.brightness)}, contrast {_median(quality.contrast)} grey levels, "
        f"sharpness {_median(quality.sharpness)}. Sharpness beyond 3 is counted at 3."
    )
    frame = quality_table(opened, quality)
    table_downloads.draw(frame, f"{opened.file}-quality", f"Brightness, contrast and sharpness of the images of {opened.faces.name}")


def _median(values: "np.ndarray") -> str:
    import numpy as np

    return f"{np.median(values):.3g}"


def quality_table(opened: Opened, quality: "Quality") -> "pd.DataFrame":
    """A row a split: quartiles of brightness, contrast and sharpness."""
    import numpy as np
    import pandas as pd

    rows = []
    for split in opened.faces.splits:
        own = opened.faces.split == split
        row: dict[str, object] = {"Split": split, "Images": int(own.sum())}
        for name in ("brightness", "contrast", "sharpness"):
            quartiles = np.quantile(getattr(quality, name)[own], (0.25, 0.5, 0.75)).round(3)
            row |= dict(zip((f"{name}, lower quartile", f"{name}, median", f"{name}, upper quartile"), quartiles, strict=True))
        rows.append(row)
    return pd.DataFrame(rows)
