"""Mail providers' settings on the wire: what their webhooks are proved by goes in, and never comes out."""

from typing import Annotated

from msgspec import Meta

from chalicelib.schemas.fields import Draft, Stamp, View, patch_of

Secret = Annotated[str, Meta(min_length=1, max_length=4000)]
# Several at once while one is being replaced by another: each is good.
Secrets = Secret | Annotated[list[Secret], Meta(min_length=1, max_length=5)]


class ProviderDraft(Draft):
    """What one provider's authenticity needs; all of it is replaced. A field that this provider does not use is
    refused.
    """

    signing_secret: Secrets | None = None
    signing_key: Secrets | None = None
    public_key: Secrets | None = None
    webhook_key: Secrets | None = None
    webhook_url: Secrets | None = None
    basic_auth: Secrets | None = None
    bearer_token: Secrets | None = None
    topic_arns: Secrets | None = None


ProviderPatch = patch_of(ProviderDraft)


class ProviderView(View):
    """Whether webhooks of a provider can be proved, where it is to send them, and which fields are set since when."""

    provider: str
    configured: bool
    hook_url: str
    fields: dict[str, Stamp]
    updated_at: Stamp | None
    version: int
