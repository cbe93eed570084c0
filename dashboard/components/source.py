"""Where the picture comes from: a sample, a file or the camera."""

from dataclasses import dataclass

import streamlit as st

from dashboard import resources
from dashboard.components import crop
from dashboard.text import plain

SOURCES = ("sample", "upload", "camera")
FILE_TYPES = ["jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff", "avif", "jp2", "ppm", "pgm"]


@dataclass(frozen=True)
class Picture:
    """An image file as it was brought.

    Attributes:
        name: What messages call it.
        data: The file's bytes.
    """

    name: str
    data: bytes


def choose() -> Picture | None:
    """Let the visitor choose a picture; None until there is one."""
    source = st.segmented_control(
        "Take the face from", SOURCES, default=SOURCES[0], required=True, key="source", bind="query-params", on_change=crop.new_picture
    )
    if source == "upload":
        again = crop.new_picture
        return _file(st.file_uploader("Image file with a face", type=FILE_TYPES, key="file", max_upload_size=20, on_change=again))
    if source == "camera":
        return _file(st.camera_input("Take a picture", key="camera", width=420, on_change=crop.new_picture))
    return _sample()


def _sample() -> Picture:
    from fer_engine.samples import get_sample, samples

    names = [sample.name for sample in samples()]
    again = crop.new_picture
    name = st.pills("Sample", names, default=names[0], required=True, key="sample", bind="query-params", wrap=True, on_change=again)
    sample = get_sample(name or names[0])
    st.caption(f"{plain(sample.title)}. {plain(sample.credit)}.")
    return Picture(f"{sample.name}.png", resources.sample_png(sample.name))


def _file(uploaded: st.runtime.uploaded_file_manager.UploadedFile | None) -> Picture | None:
    return Picture(uploaded.name, uploaded.getvalue()) if uploaded else None
