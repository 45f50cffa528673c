"""``python -m glia``."""

from glia.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
