"""How servers prove who they are: by certificates and host names, as the system trusts them.

Loaded once in a process: reading what the system trusts takes some tens of milliseconds of CPU.
"""

import ssl
from functools import cache


@cache
def context() -> ssl.SSLContext:
    """For any number of connections, also at once."""
    return ssl.create_default_context()
