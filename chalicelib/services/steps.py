"""What a job of each kind does, as two tables.

A step does one small piece, some two seconds at most: it works from `job.state`, edits that, `done`, `total` and
`counts`, and answers whether all is finished, or after how many seconds (a float) there is something to do again. The
framework keeps what it edited. A worker may die before that, so a step is called again with the same state, and must
end the same.
"""

from collections.abc import Callable
from typing import Final

from chalicelib.models.job import Job
from chalicelib.services import (
    audience,
    bulk,
    duplicates,
    exports,
    lanes,
    preflight,
    previews,
    reassign,
    rebuilding,
    relabel,
    replays,
    scanning,
    sweeps,
    trials,
)
from chalicelib.services.importing import reverting
from chalicelib.services.importing import steps as importing

Work = Callable[[Job], bool | float]

STEPS: Final[dict[str, Work]] = {
    bulk.KIND: bulk.step,
    preflight.KIND: preflight.step,
    trials.KIND: trials.step,
    reassign.KIND: reassign.step,
    relabel.KIND: relabel.step,
    importing.KIND: importing.step,
    reverting.KIND: reverting.step,
    duplicates.SCAN: scanning.step,
    exports.KIND: exports.step,
    previews.KIND: previews.step,
    **rebuilding.STEPS,
    audience.KIND: audience.step,
    lanes.KIND: lanes.step,
    replays.KIND: replays.step,
}

# What is left to do when a job is cancelled or fails, such as handing over the report so far. Also called twice.
CLOSING: Final[dict[str, Callable[[Job], None]]] = {
    bulk.KIND: sweeps.close,
    reassign.KIND: sweeps.close,
    importing.KIND: importing.close,
    exports.KIND: exports.close,
    preflight.KIND: preflight.close,
    previews.KIND: previews.close,
    audience.KIND: audience.close,
    lanes.KIND: lanes.close,
}
