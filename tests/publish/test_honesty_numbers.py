"""Numbers typed in prose: which are free, which are the paper's, and which must come from a cell or have a reason."""

import pytest
from minibook import REPOSITORY, set_pages, write, write_script

from cgrecnet.errors import ConfigError
from cgrecnet.publish.honesty import check, numbers
from cgrecnet.publish.honesty.written import Line
from cgrecnet.publish.honesty.written import read as read_page
from cgrecnet.publish.layout import Layout


def typed(text, question=False):
    return list(numbers.unaccounted(Line(1, text, text, question)))


def read(tmp_path, script):
    return read_page(write_script(tmp_path / "x.py", script)).lines


@pytest.mark.parametrize(
    "text",
    [
        "ResNet-50, VGG-16 and ViT-B/16 have F1 scores, and C20 is a claim.",
        "Li et al. 2026, in February 2026 and since 2019.",
        "Figure 5, Figs. 2 and 3, Table 3, section 3.2.1, Tables 4 and 5, stages 2 and 3.",
        "A 95 % interval, an interval of 90 %, the central 95 per cent.",
        "Between 0 and 1, from 0 to 100 per cent, 1/2 of it, 3 by 3 and 7 × 7.",
        "Images of 224 pixels out of 256, with the seeds 42, 123 and 999.",
        "The paper prints an accuracy of 96.40 and 28.02 million parameters.",
        "Experiment 1, row 3 and step 2.",
    ],
)
def test_what_is_no_finding_of_ours_is_free(text):
    assert typed(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("We reach 91.3 % on Jurkat.", ["91.3 %"]),
        ("We reach 96.40 % as well.", ["96.40 %"]),  # a printed number, and nobody says that it is the paper's
        ("It took 1,200 steps of 48 pixels.", ["1200", "48"]),
        ("The gap is 3 percentage points wide, at 224 per cent.", ["3 %", "224 %"]),
        ("The paper has 94.59 here.", ["94.59"]),  # printed is 94.58
        ("A p of 1e-4, in 12 runs.", ["1e-4", "12"]),
        ("Some 2000 cells were seen.", ["2000"]),
        ("0.5 and 1.5 are no ends of a scale.", ["0.5", "1.5"]),
    ],
)
def test_a_finding_is_not(text, found):
    assert typed(text) == found


def test_what_an_exercise_gives_is_free():
    assert typed("Take 500 cells.", question=True) == []


def test_the_printed_numbers_come_from_the_files_of_the_paper():
    assert {"96.40", "0.07", "27687", "1.82", "100", "8"} <= numbers.known()
    assert numbers.free() == {"224", "256", "42", "123", "999"}
    assert numbers.names_its_owner("as Table 3 has it") and not numbers.names_its_owner("a table of paperclips")


SCRIPT = '''
    # %% [markdown]
    # # Heading with 11 words
    #
    # 2. A list, `code 12`, $x = 13$ and [a link](file_14.py), see {numref}`fig-15`.
    #
    # $$
    # y = 16
    # $$ (eq-17)
    #
    # ```python
    # print(18)
    # ```
    #
    # ```{note} A title of 19
    # :class: c-20
    # Inside 21.
    # ```
    #
    # ````{exercise} Twenty-two, 22
    # :label: e-23
    # Take 24.
    # ```
    # code 25
    # ```
    # ````
    #
    # After 26.

    # %% mystnb={"image": {"alt": "A line up to 31."}, "figure": {"name": "f-32", "caption": "It rises by 33 %."}}
    def f():
        """A docstring of 34 that nobody reads here."""
        return "a name 35"

    Markdown(f"There are {36} cells, that is 37 more than there were before, {value:.2f}38")
    assert "a message with 39 that is long enough" != "x", "another message with 40 that is long enough"
'''


def test_prose_captions_and_sentences_are_read_and_nothing_else(tmp_path):
    lines = read(tmp_path, SCRIPT)
    found = [number for line in lines for number in numbers.unaccounted(line)]
    assert found == ["11", "19", "21", "26", "33 %", "31", "37"]
    place = {number: line.number for line in lines for number in numbers.quantities(line.text)}
    source = (tmp_path / "x.py").read_text().splitlines()
    assert "After 26." in source[place["26"] - 1] and "caption" in source[place["31"] - 1]


@pytest.fixture
def book(tmp_path):
    """A book of one page with three typed numbers, and a list that allows two of them."""
    write(tmp_path / "book" / "index.md", "# Home\n\nFour.\n")
    write_script(tmp_path / "book" / "part" / "one.py", "# %% [markdown]\n# # One\n# We saw 17 cells, 18 runs, 19 %.\n")
    write(tmp_path / check.ALLOWED, 'everywhere:\n  said by all: ["17"]\npart/one:\n  chosen here: ["18"]\n')
    set_pages(tmp_path, "part/one")
    return Layout(tmp_path)


def test_the_list_allows_and_the_rest_is_named_with_its_line(book):
    faults = check.sources(book, book.chapters)
    assert [fault.page for fault in faults] == ["book/part/one.py:11"]
    assert faults[0].text.startswith("the number 19 % is typed") and check.ALLOWED in faults[0].text


def test_entries_that_nothing_needs_are_faults(book):
    write(
        book.root / check.ALLOWED,
        'everywhere:\n  said by all: ["17", "20"]\n'
        'part/one:\n  chosen here: ["17", "18", "19 %", "19"]\ngone:\n  chosen there: ["18"]\n',
    )
    faults = check.sources(book, book.chapters)
    assert [fault.text.split(":")[0] for fault in faults] == [
        "everywhere has no need to allow 20", "part/one has no need to allow 17", "part/one has no need to allow 19",
        "gone has no need to allow 18",
    ]  # fmt: skip
    assert check.sources(book, check.named(book, [str(book.root / "book/part/one.py")]), whole=False) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- 3\n", "where it takes none"),
        ("part/one: [3]\n", "where it takes none"),
        ("part/one:\n  chosen here: [3]\n", "numbers in quotes"),
        ('part/one:\n  why: ["3"]\n', "say where its numbers come from"),
        ('part/one:\n  chosen here: ["3"]\n  chosen there: ["3"]\n', "allows 3 twice"),
    ],
)
def test_a_list_of_another_form_is_refused_in_one_sentence(tmp_path, text, words):
    write(tmp_path / check.ALLOWED, text)
    with pytest.raises(ConfigError, match=words):
        check.allowed_numbers(tmp_path)


def test_the_sizes_that_are_allowed_everywhere_are_those_of_the_network():
    import torch

    from cgrecnet.models import create_model

    sizes = set()
    with torch.device("meta"):
        network = create_model("cg_recnet").eval()
        for module in network.modules():
            module.register_forward_hook(lambda _, __, out: sizes.update(out.shape[1:]) if hasattr(out, "shape") else 0)
        network(torch.zeros(1, 3, 224, 224))
    entry = check.allowed_numbers(REPOSITORY)[check.EVERYWHERE]
    assert set(map(int, entry)) <= sizes and len(entry) > 3
