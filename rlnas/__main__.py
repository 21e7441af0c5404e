"""``python -m rlnas``: the command line."""

import sys

from rlnas.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
