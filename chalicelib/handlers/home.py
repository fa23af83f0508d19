"""Home over HTTP: what somebody wants to see first."""

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.home import HomeView

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)


@routes.get("/v1/home", permission="tasks:read", returns=HomeView)
def get_home(actor: Actor) -> HomeView:
    """Read one's day: what is overdue and due, one's pipeline, what was won, who goes quiet, what is new."""
    from chalicelib.services import home

    return home.view(actor)
