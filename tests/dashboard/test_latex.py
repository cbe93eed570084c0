"""Tables for a paper: what LaTeX would take for a command is set as it is, numbers stand on the right."""

import pandas as pd

from dashboard.latex import escaped, latex_table


def test_a_table_is_a_float_with_booktabs_rules():
    text = latex_table(pd.DataFrame({"Run": ["net_2"], "Accuracy": ["62.5%"], "Faces": [3589]}), "100% of it", "tab:runs")
    assert text.splitlines() == [
        r"% \usepackage{booktabs}",
        r"\begin{table}[htbp]",
        r"\centering",
        r"\caption{100\% of it}",
        r"\label{tab:runs}",
        r"\begin{tabular}{lrr}",
        r"\toprule",
        r"Run & Accuracy & Faces \\",
        r"\midrule",
        r"net\_2 & 62.5\% & 3589 \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]


def test_what_means_something_to_latex_is_set_as_it_is():
    assert escaped(r"a&b% $1 #2 x_y {z} ~ ^ \input{/etc/passwd}") == (
        r"a\&b\% \$1 \#2 x\_y \{z\} \textasciitilde{} \textasciicircum{} \textbackslash{}input\{/etc/passwd\}"
    )
    assert escaped("3 × 3, 61.1 – 64.3, ≥ 1") == r"3 $\times$ 3, 61.1 -- 64.3, $\geq$ 1"
    assert r"A\_b \% &" in latex_table(pd.DataFrame({"A_b %": [1], "c": [2]}))


def test_floats_have_three_digits_and_what_is_missing_is_a_dash():
    text = latex_table(pd.DataFrame({"F1": [0.51969951, float("nan")], "Note": ["", None]}))
    assert "0.520 &" in text
    assert "-- & --" in text


def test_numbers_stand_on_the_right_also_as_text():
    frame = pd.DataFrame({"a": ["1,024", "–"], "b": ["62.5%", ""], "c": ["48 × 48", "2"], "d": ["", ""], "e": [1.5, -2.0]})
    assert r"\begin{tabular}{rrllr}" in latex_table(frame)
