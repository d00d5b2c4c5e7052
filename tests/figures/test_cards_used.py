"""Sentences on graphics cards follow the records."""

import json

from cgrecnet.figures.cards_used import card_row, cards_used, repeat_text


def leave(path, gpu):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"hardware": {"gpu": gpu}}))


def test_without_a_card_none_is_claimed(tmp_path):
    leave(tmp_path / "sweep" / "run-1" / "run.json", None)
    (tmp_path / "bench-store").mkdir()
    (tmp_path / "bench-store" / "old.json").write_text('{"rate": 1}')
    assert cards_used(tmp_path) == [] == cards_used(tmp_path / "nowhere")
    assert repeat_text([]).startswith("No GPU has run") and "not at hand" in card_row([])[0]


def test_a_record_of_a_card_changes_the_sentences(tmp_path):
    leave(tmp_path / "sweep" / "run-1" / "run.json", "Card B")
    leave(tmp_path / "bench-models" / "cuda-1.json", "Card A")
    leave(tmp_path / "explain-x" / "explain-x-1" / "explain.json", "Card B")
    assert cards_used(tmp_path) == ["Card A", "Card B"]
    assert "made on a GPU (Card A, Card B)" in repeat_text(cards_used(tmp_path))
    assert "Only some records are of a graphics card (Card A, Card B)." == card_row(cards_used(tmp_path))[0]
