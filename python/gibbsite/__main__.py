"""``python -m gibbsite`` is the command ``gibbsite``."""

import sys

from gibbsite.cli import main

sys.exit(main())
