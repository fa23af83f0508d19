"""The application: every room of `chalicelib/handlers/`, and nothing else."""

from chalicelib.handlers import _rooms
from chalicelib.handlers._http import App

app = App()
_rooms.open_at_start(app)
