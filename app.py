"""The application: every room registered, and nothing else."""

from chalicelib.handlers import (
    auth,
    batches,
    bulk,
    companies,
    contacts,
    duplicates,
    exports,
    fields,
    imports,
    jobs,
    merges,
    queues,
    schedules,
    streams,
    system,
    tasks,
    timelines,
    users,
    vcards,
    views,
)
from chalicelib.handlers._http import App

app = App()

for room in (
    auth,
    batches,
    bulk,
    companies,
    contacts,
    duplicates,
    exports,
    fields,
    imports,
    jobs,
    merges,
    system,
    tasks,
    timelines,
    users,
    vcards,
    views,
):
    app.register_blueprint(room.routes)
for source in (queues, schedules, streams):
    app.register_blueprint(source.room)
