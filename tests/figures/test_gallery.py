"""The gallery: filters that leave the cells that fit, by keyboard, and all cells without a script."""


import pytest

from cgrecnet.figures.widgets.gallery import gallery

IDS = [f"cell-{i:02d}" for i in range(12)]
FILTERS = {"true class": [*"aaaabbbbcccc"], "predicted": ["right"] * 6 + ["wrong"] * 6}


def made(dataset=None, **change):
    given = {"cell_ids": IDS, "filters": FILTERS, "words": [f"w{i}" for i in range(12)], "label": "Made-up cells"}
    return gallery(**(given | change), dataset=dataset)


def test_every_cell_has_its_values_words_and_description(twelve_cells, tags):
    found = tags(made(twelve_cells).html)
    assert [item["data-fits"] for item in found.all("li")][3:8] == ["0,0", "1,0", "1,0", "1,1", "1,1"]
    assert found.all("img")[7]["alt"] == "Brightfield picture of cell cell-07; true class: b, predicted: wrong."
    assert len(found.all("select")) == 2
    assert [o["value"] for o in found.all("option")] == ["", "0", "1", "2", "", "0", "1"]
    html = made(twelve_cells).html
    assert ">a (4)</option>" in html and ">wrong (6)</option>" in html and "<span>w11</span>" in html
    assert "12 of 12 cells" in html
    assert "<img" not in made().html and "cell-07" in made().html


@pytest.mark.parametrize("change", [{"words": ["w"]}, {"filters": {"true class": ["a"]}}, {"cell_ids": []}])
def test_what_does_not_fit_is_refused(change):
    with pytest.raises(ValueError, match="needs one entry of each kind per cell"):
        made(**change)


def test_a_cell_that_the_data_set_lacks_is_an_error(twelve_cells):
    with pytest.raises(KeyError, match="other"):
        made(twelve_cells, cell_ids=["other", *IDS[1:]])


def visible(shown, number=0) -> list[str]:
    return shown.locator(".gallery").nth(number).locator("li:visible code").all_inner_texts()


@pytest.mark.browser
def test_filters_leave_the_cells_that_fit_all_of_them(browse, twelve_cells):
    piece = made(twelve_cells)
    shown = browse(piece, piece)
    assert visible(shown) == IDS
    shown.keyboard.press("Tab")
    assert shown.get_by_label("true class").first.evaluate("e => e === document.activeElement")
    shown.keyboard.press("b")
    assert visible(shown) == IDS[4:8] and visible(shown, 1) == IDS
    shown.get_by_label("predicted").first.select_option(label="wrong (6)")
    assert visible(shown) == IDS[6:8]
    assert shown.get_by_role("status").first.inner_text() == "2 of 12 cells"
    shown.keyboard.press("Tab")
    shown.keyboard.press("Tab")
    shown.keyboard.press("Enter")
    assert visible(shown) == IDS and shown.get_by_role("status").first.inner_text() == "12 of 12 cells"


@pytest.mark.browser
def test_without_a_script_and_on_paper_all_cells_are_there(browse, twelve_cells):
    still = browse(made(twelve_cells), script=False)
    assert visible(still) == IDS and not still.locator("select").first.is_visible()
    printed = browse(made(twelve_cells))
    printed.get_by_label("true class").select_option("1")
    printed.emulate_media(media="print")
    assert visible(printed) == IDS and not printed.locator("select").first.is_visible()
