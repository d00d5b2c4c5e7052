"""`python -m cgrecnet` is the command `cgrecnet`."""

import sys

from cgrecnet.cli import main

sys.exit(main())
