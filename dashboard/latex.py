"""Tables as LaTeX, for a paper: booktabs, escaped, numbers to the right. No Streamlit here."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

# What means something to LaTeX, and what pdflatex does not set by itself out of what tables here hold.
_SPECIAL = {sign: f"\\{sign}" for sign in "&%$#_{}"} | {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}"}
_MATHS = {"−": "$-$", "≥": r"$\geq$", "≤": r"$\leq$", "×": r"$\times$", "±": r"$\pm$", "·": r"$\cdot$", "<": "$<$", ">": "$>$"}
_SIGNS = str.maketrans(_SPECIAL | _MATHS | {"–": "--", "…": r"\ldots{}"})


def latex_table(frame: "pd.DataFrame", caption: str = "", label: str = "") -> str:
    r"""A table as a LaTeX float that needs \usepackage{booktabs} and no other package; the index is left out.

    Args:
        frame: The table as it is to be read; floats are given to three digits after the point, missing values as a dash.
        caption: What it shows and by which protocol; empty for none.
        label: For \ref, letters, digits, ':' and '-'; empty for none.
    """
    right = [reads_as_numbers(frame[name]) for name in frame.columns]
    style = frame.rename(columns=lambda name: escaped(str(name))).style.hide(axis="index").format(_cell)
    text = style.to_latex(
        hrules=True,
        column_format="".join("r" if numbers else "l" for numbers in right),
        position="htbp",
        position_float="centering",
        caption=escaped(caption) or None,
        label=label or None,
    )
    return "% \\usepackage{booktabs}\n" + text


def escaped(text: str) -> str:
    """Text that LaTeX sets as it is."""
    return text.translate(_SIGNS)


def _cell(value: object) -> str:
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return "--"
    return f"{value:.3f}" if isinstance(value, float) else escaped(str(value))


def reads_as_numbers(column: "pd.Series") -> bool:
    """Whether a column holds numbers, also formatted ones such as '62.5%' or '1,024', which stand better on the right."""
    told = [str(value) for value in column if value not in (None, "", "–")]
    return bool(told) and all(re.fullmatch(r"[-−]?[\d,]*\.?\d+ ?%?|nan", value) for value in told)
