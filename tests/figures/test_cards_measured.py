"""Sentences on graphics cards follow the records of benchmarks."""

import json

from cgrecnet.figures.cards_measured import card_row, cards_measured, repeat_text


def leave(path, gpu):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"hardware": {"gpu": gpu}}))


def test_without_a_card_none_is_claimed(tmp_path):
    leave(tmp_path / "bench-models" / "cpu-1.json", None)
    (tmp_path / "bench-store").mkdir()
    (tmp_path / "bench-store" / "old.json").write_text('{"rate": 1}')
    assert cards_measured(tmp_path) == [] == cards_measured(tmp_path / "nowhere")
    assert "has measured nothing on a GPU" in repeat_text([]) and "no measurements" in card_row([])[0]


def test_a_record_of_a_card_changes_the_sentences(tmp_path):
    leave(tmp_path / "bench-input" / "cuda-1.json", "Card B")
    leave(tmp_path / "bench-models" / "cuda-1.json", "Card A")
    assert cards_measured(tmp_path) == ["Card A", "Card B"]
    assert "measured speed on a GPU (Card A, Card B), but not how far" in repeat_text(cards_measured(tmp_path))
    assert card_row(cards_measured(tmp_path))[0].endswith("for measurements of speed only (Card A, Card B).")
