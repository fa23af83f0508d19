"""Whether the house stands, on the wire."""

from typing import Literal

from chalicelib.schemas.fields import View


class Health(View):
    """It answers."""

    status: Literal["ok"] = "ok"
