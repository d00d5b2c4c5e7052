"""A record in a few lines, for the terminal."""

from collections.abc import Callable

from cgrecnet.bench.schema import BenchRecord, Quartiles


def terminal_summary(record: BenchRecord) -> list[str]:
    """What was measured, one line each, then where the machine stood."""
    busy = [load.busy for load in (record.load_before, record.load_after)]
    other = "; other work kept " + " and ".join(f"{share:.0%}" for share in busy) + " of the cores busy"
    end = f"{record.id}, {record.hardware['gpu'] or record.hardware['cpu']}, {record.wall_seconds:.0f} s"
    return [*_LINES[record.name](record), end + (other if None not in busy else "")]


def of(found: Quartiles, digits: int = 3) -> str:
    """A median with its quartiles."""
    return f"{found.median:.{digits}f} ({found.lower:.{digits}f} to {found.upper:.{digits}f}, n = {found.n})"


def _input(record) -> list[str]:
    return [
        f"{row.model}, {row.image_size} px, batch {row.batch_size}: ready batch / whole step = {of(row.ratio)}"
        for row in record.rows
    ]


def _models(record) -> list[str]:
    lines = []
    for row in record.rows:
        way = f"{row.model}, {row.kind}, {row.precision}, {'compiled' if row.compiled else 'eager'}"
        lines.append(f"{way}: {row.skipped}" if row.skipped else f"{way}: {row.images_per_second:.3g} images/s")
    return lines


def _reference(record) -> list[str]:
    lines = []
    for row in record.rows:
        text = f"{row.side}: {row.rate.median:.3g} images/s, accuracy {row.accuracy:.3f} (n = {len(row.accuracies)} "
        text += f"trainings) on {row.test_cells} test cells"
        if row.ratio:
            text += f"; {of(row.ratio, 2)} times the tutorial's rate, accuracy {row.agreement.difference:+.1f}"
            text += " points from its"
            if row.agreement.interval95:
                low, high = row.agreement.interval95
                text += f" ({low:+.1f} to {high:+.1f})"
        lines.append(text)
    return lines


def _memory(record) -> list[str]:
    return [f"{row.model}, {row.kind}, {row.precision}: peak {row.peak / 1e9:.2f} GB" for row in record.rows]


def _protocol(record) -> list[str]:
    lines = []
    for place in record.places:
        for epochs in record.settings["epochs"]:
            rows = [row for row in record.rows if row.place == place.name and row.epochs == epochs]
            fast, slow = (sum(getattr(row, name) for row in rows) / 24 for name in ("fast_hours", "slow_hours"))
            days = f"{fast:,.1f} days" if fast == slow else f"{fast:,.1f} to {slow:,.1f} days"
            lines.append(f"{place.name} ({place.words}), {epochs} epochs: {days}")
    return lines


def _kills(record) -> list[str]:
    rows = [f"{row.work}, {row.victim}: {row.kills} kills, {row.losses} lost, {row.wrong} wrong" for row in record.rows]
    return [*rows, f"all: {sum(row.kills for row in record.rows)} kills of {record.pieces} pieces of work"]


def _mutations(record) -> list[str]:
    return [
        f"{row.kind}: {row.refused:,} of {row.cases:,} refused, {row.taken:,} taken for what they were, "
        f"{row.traceback} tracebacks, {row.hang} hangs, {row.crash} crashes, {row.wrong} wrong"
        for row in record.rows
    ]


_LINES: dict[str, Callable[[BenchRecord], list[str]]] = {
    "input": _input,
    "models": _models,
    "reference": _reference,
    "memory": _memory,
    "protocol": _protocol,
    "kills": _kills,
    "mutations": _mutations,
}
