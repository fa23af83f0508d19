"""The application: every room registered, and nothing else."""

from chalicelib.handlers import (
    auth,
    batches,
    bulk,
    companies,
    contacts,
    deals,
    duplicates,
    exports,
    fields,
    imports,
    jobs,
    leads,
    merges,
    pipelines,
    pricebooks,
    products,
    queues,
    rates,
    reports,
    schedules,
    settings,
    streams,
    system,
    tasks,
    teams,
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
    deals,
    duplicates,
    exports,
    fields,
    imports,
    jobs,
    leads,
    merges,
    pipelines,
    pricebooks,
    products,
    rates,
    reports,
    settings,
    system,
    tasks,
    teams,
    timelines,
    users,
    vcards,
    views,
):
    app.register_blueprint(room.routes)
for source in (queues, schedules, streams):
    app.register_blueprint(source.room)
