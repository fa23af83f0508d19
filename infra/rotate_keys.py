"""Add a signing key and make it current: `python -m infra.rotate_keys prod`. Nobody is logged out.

SECRETS names another store, such as `file:/abs/.local/secrets` for the system on one machine.
"""

import sys

from chalicelib.services import keyring
from infra import signing_keys


def main() -> int:
    """Rotate the keys of the stage named on the command line."""
    stage = sys.argv[1] if len(sys.argv) > 1 else "dev"
    place = signing_keys.use_store_of(stage)
    print(f"{place}/{keyring.SECRET}: key {signing_keys.rotate()} now signs; earlier keys still verify")
    return 0


if __name__ == "__main__":
    sys.exit(main())
