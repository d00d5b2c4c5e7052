"""`cgrecnet doctor`."""

import argparse


def add(commands) -> None:
    """Add the command to the parser."""
    commands.add_parser("doctor", help="what works on this machine").set_defaults(command=_run)


def _run(_: argparse.Namespace) -> int:
    from cgrecnet.doctor import examine

    findings = examine()
    for finding in findings:
        mark = "ok  " if finding.good else ("FAIL" if finding.needed else "note")
        print(f"{mark} {finding.what:<16} {finding.detail}")
    return 1 if any(finding.needed and not finding.good for finding in findings) else 0
