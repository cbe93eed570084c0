"""What reports are made of: figures and tables in HTML that needs nothing else. No Streamlit here.

Plotly's own code stands in the file once. Static pictures would need a browser where the report is made; so the reader's
browser draws the very figures of the pages, as they come into view, in light or dark, and saves each as SVG or PNG.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dashboard.latex import latex_table, reads_as_numbers
from dashboard.markdown_table import markdown_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    import plotly.graph_objects as go

_SHORT = 36  # letters that a cell keeps on one line
_HERE = Path(__file__).resolve().parent
_TAGS = re.compile(r"<(?!/?extra>|br>)")  # what Plotly may read as markup in a figure's words; all else is somebody's name


@dataclass
class Sheet:
    """A report while it is put together: it numbers figures and tables, and keeps what the contents list.

    Attributes:
        numbered: Whether captions begin with 'Figure 1.' and 'Table 1.'.
        contents: (level, anchor, title) of each heading so far.
    """

    numbered: bool = True
    contents: list[tuple[int, str, str]] = field(default_factory=list)
    _figures: int = 0
    _tables: int = 0
    _names: set[str] = field(default_factory=set)

    def heading(self, level: int, title: str, anchor: str = "") -> str:
        """A heading of level 2 or 3, listed in the contents."""
        name = self._unique(anchor or slug(title))
        self.contents.append((level, name, title))
        return f'<h{level} id="{name}">{escape(title)}</h{level}>'

    def figure(self, figure: go.Figure, name: str, caption: str, alt: str = "", *, width: int = 0) -> str:
        """A figure with its caption, its words for those who do not see it, and its two buttons.

        Args:
            figure: As the pages draw it.
            name: Of the file that it is saved as.
            caption: What it shows, with its protocol.
            alt: What is to be seen, in words; the caption where it is empty.
            width: Pixels below which it is moved sideways on a narrow screen, and not squeezed; 0 for what suits most.
        """
        self._figures += 1
        anchor = self._unique(f"figure-{slug(name)}")
        figure.update_layout(template="none", autotypenumbers="strict")  # as Plotly's usual template: '32' is a name, not a number
        height = figure.layout.height or 400
        data = json.dumps(_literal(json.loads(str(figure.to_json()))), separators=(",", ":")).replace("<", "\\u003c")
        label = f"Figure {self._figures}. " if self.numbered else ""
        style = f"height:{height}px" + (f";min-width:{width}px" if width else "")
        box = f'class="plot" id="{anchor}" data-file="{slug(name)}" role="img" aria-label="{escape(alt or caption)}" style="{style}"'
        return (
            f'<figure><div class="wide" tabindex="0"><div {box}></div><script type="application/json">{data}</script></div>'
            f'<figcaption>{label}{escape(caption)}</figcaption><p class="save">{_buttons(anchor, slug(name))}</p></figure>'
        )

    def table(self, frame: pd.DataFrame, name: str, caption: str, *, tall: bool = False) -> str:
        """A table with its caption, and itself as CSV, Markdown and LaTeX.

        Args:
            frame: The table; its index is left out.
            name: Of the files that it is saved as.
            caption: What it shows, with its protocol.
            tall: Whether it scrolls by itself where it is long.
        """
        self._tables += 1
        label = f"Table {self._tables}. " if self.numbered else ""
        numbers = [reads_as_numbers(frame[column]) for column in frame.columns]
        head = _row("th", list(frame.columns), numbers)
        lines = "".join(_row("td", list(row), numbers) for row in frame.itertuples(index=False, name=None))
        body = f"<caption><span>{label}{escape(caption)}</span></caption><thead>{head}</thead><tbody>{lines}</tbody>"
        kind = "wide tall" if tall else "wide"
        return f'<div class="{kind}" tabindex="0"><table>{body}</table></div>{_takeaways(frame, slug(name), caption)}'

    def _unique(self, name: str) -> str:
        number, found = 1, name
        while found in self._names:
            number, found = number + 1, f"{name}-{number + 1}"
        self._names.add(found)
        return found


def slug(words: str) -> str:
    """Words as an anchor or a file's name: letters, digits, '.', '_' and '-'."""
    return re.sub(r"[^A-Za-z0-9._]+", "-", words).strip("-") or "part"


def paragraph(words: str, kind: str = "") -> str:
    """A paragraph of plain words; `kind` is its class."""
    return f"<p{f' class={chr(34)}{kind}{chr(34)}' if kind else ''}>{escape(words)}</p>"


def missing(sentence: str) -> str:
    """A sentence in the place of what is not there."""
    return paragraph(sentence, "missing")


def bullets(lines: Iterable[str]) -> str:
    """A list of plain words."""
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def folded(summary: str, parts: Iterable[str]) -> str:
    """Parts that a click unfolds."""
    return f"<details><summary>{escape(summary)}</summary>{''.join(parts)}</details>"


def page(title: str, body: str, contents: str = "") -> str:
    """The whole file.

    Args:
        title: In the browser's tab.
        body: HTML.
        contents: HTML of the table of contents, where there is one.
    """
    from plotly.offline import get_plotlyjs

    style, script = ((_HERE / f"report.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
    head += f"<style>{style}</style>"
    note = "<noscript><p class=missing>The figures are drawn by JavaScript, which is off; the tables hold their numbers.</p></noscript>"
    scripts = f"<script>{get_plotlyjs()}</script><script>{script}</script>"
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>{contents}{note}<main>{body}</main>{scripts}</body></html>\n'


def contents_list(entries: Iterable[tuple[int, str, str]]) -> str:
    """The table of contents: headings of level 2, those of level 3 below theirs."""
    found: list[tuple[str, list[str]]] = []
    for level, anchor, title in entries:
        link = f'<a href="#{anchor}">{escape(title)}</a>'
        if level == 2 or not found:
            found.append((link, []))
        else:
            found[-1][1].append(f"<li>{link}</li>")
    lines = (f"<li>{link}{f'<ol>{chr(10).join(below)}</ol>' if below else ''}</li>" for link, below in found)
    return f'<nav class="beside" aria-label="Contents"><strong>Contents</strong><ol>{"".join(lines)}</ol></nav>'


def _buttons(anchor: str, name: str) -> str:
    return "".join(
        f'<button type="button" data-format="{kind}" data-figure="{anchor}" aria-label="Save {name} as {kind.upper()}">'
        f"{kind.upper()}</button>"
        for kind in ("svg", "png")
    )


def _literal(tree: Any) -> Any:
    """A figure's data for the file: every word as it is, since Plotly would read a name such as '<b>x</b>' as markup; numbers short."""
    if isinstance(tree, dict):
        if tree.get("dtype") == "f8":  # float64 as base64; half of its digits are more than a screen shows
            numbers = np.frombuffer(base64.b64decode(tree["bdata"])).astype("<f4")
            return tree | {"dtype": "f4", "bdata": base64.b64encode(numbers.tobytes()).decode()}
        return {key: _literal(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_literal(value) for value in tree]
    return _TAGS.sub("&lt;", tree) if isinstance(tree, str) else tree


def _takeaways(frame: pd.DataFrame, name: str, caption: str) -> str:
    kinds = (
        ("CSV", "csv", "text/csv", frame.to_csv(index=False)),
        ("Markdown", "md", "text/markdown", markdown_table(frame, caption)),
        ("LaTeX", "tex", "application/x-tex", latex_table(frame, caption, f"tab:{re.sub('[^A-Za-z0-9]+', '-', name)}")),
    )
    links = (
        f'<a download="{name}.{ending}" href="data:{mime};charset=utf-8;base64,{base64.b64encode(words.encode()).decode()}">{kind}</a>'
        for kind, ending, mime, words in kinds
    )
    return f'<p class="save">{"".join(links)}</p>'


def _row(kind: str, values: list[Any], numbers: list[bool]) -> str:
    scope = ' scope="col"' if kind == "th" else ""
    cells = [(escape(_cell(value)), number) for value, number in zip(values, numbers, strict=True)]
    return "<tr>" + "".join(f"<{kind}{scope}{_kind(kind, words, number)}>{words}</{kind}>" for words, number in cells) + "</tr>"


def _kind(kind: str, words: str, number: bool) -> str:
    """The class of a cell: numbers stand to the right, sentences may break."""
    return " class=number" if number else " class=long" if kind == "td" and len(words) > _SHORT else ""


def _cell(value: Any) -> str:
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return ""
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
