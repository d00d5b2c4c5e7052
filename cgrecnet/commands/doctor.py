"""`cgrecnet doctor`."""

import argparse

from cgrecnet.commands.options import command


@command("doctor", help="what works on this machine")
def doctor(_: argparse.Namespace) -> int:
    from cgrecnet.doctor import examine

    findings = examine()
    for finding in findings:
        mark = "ok  " if finding.good else ("FAIL" if finding.needed else "note")
        print(f"{mark} {finding.what:<16} {finding.detail}")
    return 1 if any(finding.needed and not finding.good for finding in findings) else 0
