"""Tables with words in their cells."""

import pytest

from cgrecnet.figures.tables import wide_table


def test_a_wide_table_is_safe_and_whole():
    html = wide_table(["a", "b"], [["1 < 2", "x\n\ny"]], "A table")
    assert "1 &lt; 2" in html and "x<br>y" in html and "\n\n" not in html
    with pytest.raises(ValueError, match="1 cells where the table has 2"):
        wide_table(["a", "b"], [["only"]], "A table")
