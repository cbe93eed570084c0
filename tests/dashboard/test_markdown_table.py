"""Tables for a note: what means a column to Markdown is set as it is, numbers stand on the right."""

import pandas as pd

from dashboard.markdown_table import markdown_table


def test_a_table_with_its_caption_numbers_to_the_right():
    frame = pd.DataFrame({"Run": ["a|b", "c\\d"], "Accuracy": ["62.5%", "7.0%"], "p": [0.12345, None], "Note": ["two\nlines", None]})
    assert markdown_table(frame, "On PublicTest").splitlines() == [
        "On PublicTest",
        "",
        "| Run | Accuracy | p | Note |",
        "| --- | ---: | ---: | --- |",
        "| a\\|b | 62.5% | 0.123 | two lines |",
        "| c\\\\d | 7.0% | – | – |",
    ]


def test_without_caption_it_begins_with_the_heads():
    assert markdown_table(pd.DataFrame({"n": [3]})) == "| n |\n| ---: |\n| 3 |\n"
