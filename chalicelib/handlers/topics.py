"""Topics of mail over HTTP."""

from typing import Any

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.page import Listing, Made, Page
from chalicelib.schemas.topic import TopicDraft, TopicQuery, TopicView

routes = Routes(__name__)


@routes.get("/v1/topics", permission="settings:read", query=TopicQuery, returns=Listing[TopicView], paged=True)
def list_topics(actor: Actor, page: Page) -> Listing[TopicView]:
    """List the topics of mail by name."""
    from chalicelib.services import topics

    return topics.listing(actor, page)


@routes.get("/v1/topics/{topic}", permission="settings:read", returns=TopicView, errors=(404,))
def get_topic(actor: Actor, topic: str) -> TopicView:
    """Read a topic."""
    from chalicelib.services import topics

    return topics.get(actor, topic)


@routes.put("/v1/topics/{topic}", permission="settings:write", body=TopicDraft, returns=TopicView, errors=(409,))
def put_topic(actor: Actor, topic: str, body: dict[str, Any], expected: int | None) -> Made[TopicView]:
    """Make a topic of this name, or change the one there is to what is given."""
    from chalicelib.services import topics

    return topics.put(actor, topic, body, expected)


@routes.delete("/v1/topics/{topic}", permission="settings:write", errors=(404,))
def delete_topic(actor: Actor, topic: str, expected: int | None) -> None:
    """Remove a topic; what people chose stays with them, and mails on their way keep to it."""
    from chalicelib.services import topics

    topics.delete(actor, topic, expected)
