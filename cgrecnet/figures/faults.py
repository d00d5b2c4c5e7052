"""What was killed and what was changed on purpose, as tables of the page on costs."""

from cgrecnet.bench.schema import KillsRecord, MutationsRecord

#: Headers and rows, as `wide_table` takes them.
Table = tuple[list[str], list[list[str]]]


def kill_table(record: KillsRecord) -> Table:
    """Per kind of work and what of it was killed: kills, and pieces of work that lost something or came out wrong."""
    rows = [[row.work, row.victim, f"{row.kills:,}", str(row.losses), str(row.wrong)] for row in record.rows]
    return ["work", "what was killed", "kills", "lost", "wrong"], rows


def mutation_table(record: MutationsRecord) -> Table:
    """Per kind of file: how many were changed, refused in a sentence, taken for what they were, and the rest."""
    rows = [
        [row.kind, f"{row.cases:,}", f"{row.refused:,}", f"{row.taken:,}", str(amiss(row))] for row in record.rows
    ]
    return ["files", "changed", "refused in a sentence", "taken for what they were", "amiss"], rows


def amiss(row) -> int:
    """Changed files that ended in a traceback, a hang or a crash, or whose content was taken for another."""
    return row.traceback + row.hang + row.crash + row.wrong
