"""Reading is counted from what a reader sees; running is what the record of the run says."""

import pytest

from cgrecnet.publish.times import reading_minutes, run_time

WORDS = "word " * 900


def cell(kind, source, tags=(), **more):
    return {"cell_type": kind, "source": source, "metadata": {"tags": list(tags)} | more}


def test_reading_counts_words_formulas_and_pictures_and_no_hidden_code():
    assert reading_minutes({"cells": [cell("markdown", WORDS)]}) == 5
    hidden = cell("code", WORDS, ["hide-input"])
    assert reading_minutes({"cells": [cell("markdown", WORDS), hidden]}) == 5
    assert reading_minutes({"cells": [cell("markdown", WORDS), cell("code", "shown()")]}) == 10
    assert reading_minutes({"cells": [cell("markdown", WORDS + "$$x$$")]}) == 10
    assert reading_minutes({"cells": [cell("markdown", WORDS), cell("code", "", mystnb={"figure": {}})]}) == 10
    told = hidden | {"outputs": [{"data": {"text/markdown": "one word"}}]}
    assert reading_minutes({"cells": [cell("markdown", WORDS), told]}) == 10


@pytest.mark.parametrize("text", ["<td class='name'></td>", f"::::{{dropdown}} Every run\n{WORDS}\n::::"])
def test_tags_of_tables_and_what_a_cell_folds_are_not_read(text):
    told = cell("code", "", ["hide-input"]) | {"outputs": [{"data": {"text/markdown": text}}]}
    assert reading_minutes({"cells": [cell("markdown", WORDS), told]}) == 5


@pytest.mark.parametrize(("seconds", "said"), [(13.4, "13 s"), (119, "119 s"), (683, "11 min"), (0, "not run")])
def test_the_run_time_is_the_records(seconds, said):
    assert run_time({"metadata": {"cgrecnet": {"seconds": seconds}}}) == said
