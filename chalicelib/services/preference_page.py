"""The pages behind the links in mails: unsubscribe, choose, confirm. Plain HTML, no script, every value escaped.

They hold no address and no name of the recipient: whoever a mail was forwarded to learns nothing from its links.
"""

import base64
import hashlib
from collections.abc import Sequence
from html import escape
from typing import Final, NamedTuple

from chalicelib.schemas.page import Document
from chalicelib.services import quote_page

_STYLE: Final = (
    "body{font:16px/1.6 system-ui,sans-serif;background:#f4f5f7;color:#1f2430;margin:0;padding:1rem}"
    "main{max-width:32rem;margin:8vh auto;background:#fff;border-radius:12px;padding:2rem;"
    "box-shadow:0 1px 4px rgba(0,0,0,.12)}"
    "h1{font-size:1.4rem;line-height:1.3;margin:0 0 1rem}p{margin:.6rem 0}"
    ".firm{color:#5b6475;font-size:.9rem;margin:0 0 .4rem}"
    "form{margin:1.2rem 0 0}label{display:block;padding:.55rem 0;border-top:1px solid #e6e8ec;cursor:pointer}"
    "label small{display:block;color:#5b6475;margin-left:1.45rem}input{margin:0 .6rem 0 0;transform:scale(1.15)}"
    "button{font:inherit;padding:.6rem 1.2rem;margin:.4rem .4rem 0 0;border:1px solid #2457c5;border-radius:8px;"
    "background:#2457c5;color:#fff;cursor:pointer}button.plain{background:#fff;color:#2457c5}"
    "button:focus-visible,input:focus-visible,a:focus-visible{outline:3px solid #9db8f2;outline-offset:2px}"
    "a{color:#2457c5}.said{background:#e9f6ec;border-radius:8px;padding:.6rem .9rem}"
)
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
HEADERS: Final = {
    **quote_page.HEADERS,
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}


class Choice(NamedTuple):
    """One line of the preference page."""

    field: str
    value: str
    label: str
    hint: str
    on: bool


def unsubscribe(firm: str, topic: str | None, token: str) -> Document:
    """The question, with a button for the topic of the mail, if it had one, and one for everything."""
    about = f"mail about <b>{escape(topic)}</b>" if topic else "mail"
    buttons = [_button("topic", f"Unsubscribe from {topic}")] if topic else []
    buttons.append(_button("all", "Unsubscribe from everything" if topic else "Unsubscribe", plain=bool(topic)))
    return _document(
        "Unsubscribe",
        firm,
        f"<p>Do you no longer want to get {about} from {escape(firm or 'us')}? Nothing changes until you press a "
        f'button.</p><form method="post">{"".join(buttons)}</form>{_elsewhere(f"{token}/preferences")}',
    )


def unsubscribed(firm: str, topic: str | None, token: str) -> Document:
    """That it is done."""
    about = f"mail about <b>{escape(topic)}</b>" if topic else "any mail of this kind"
    return _document(
        "You are unsubscribed",
        firm,
        f'<p class="said">You will not get {about} from {escape(firm or "us")} any more.</p>'
        f"<p>Was it a mistake? You can change it at any time.</p>{_elsewhere(f'{token}/preferences')}",
    )


def preferences(firm: str, email: bool, choices: Sequence[Choice], said: str = "") -> Document:
    """What can be chosen, as it is; `said` is what was done just now."""
    done = f'<p class="said">{escape(said)}</p>' if said else ""
    lines = "".join(
        f'<input type="hidden" name="shown_{one.field}" value="{escape(one.value)}">'
        f"{_line(one.field, one.value, one.label, one.hint, on=one.on)}"
        for one in choices
    )
    whole = _line("email", "on", "E-mail", "If this is off you get no mail at all.", on=email)
    return _document(
        "Your mail, your choice",
        firm,
        f"{done}<p>What would you like to get from {escape(firm or 'us')}?</p>"
        f'<form method="post">{whole}{lines}<button>Save</button></form>',
    )


def confirm(firm: str, wording: str) -> Document:
    """The question whether it was he."""
    return _document(
        "Please confirm",
        firm,
        f"<p>{escape(wording)}</p>"
        '<form method="post"><button name="confirm" value="yes">Yes, I confirm</button></form>'
        "<p>If you did not ask for it, just close this page; nothing will be sent to you.</p>",
    )


def confirmed(firm: str, wording: str) -> Document:
    """That it is done."""
    return _document("Thank you", firm, f'<p class="said">Confirmed: {escape(wording)}</p>')


def expired(firm: str) -> Document:
    """A link to confirm that is too old."""
    return _document("This link has expired", firm, "<p>Please ask for a new one.</p>", 410)


def missing() -> Document:
    """The page of a link that is none of ours: always the same."""
    return _document("Not found", "", "<p>There is no such link.</p>", 404)


def _document(title: str, firm: str, body: str, status: int | None = None) -> Document:
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
    )
    whose = f'<p class="firm">{escape(firm)}</p>' if firm else ""
    text = (
        f'<!doctype html><html lang="en"><head>{head}</head>'
        f"<body><main>{whose}<h1>{escape(title)}</h1>{body}</main></body></html>"
    )
    return Document(quote_page.MEDIA_TYPE, text, HEADERS, status)


def _button(scope: str, label: str, *, plain: bool = False) -> str:
    look = ' class="plain"' if plain else ""
    return f'<button name="scope" value="{scope}"{look}>{escape(label)}</button>'


def _line(field: str, value: str, label: str, hint: str, *, on: bool) -> str:
    checked = " checked" if on else ""
    small = f"<small>{escape(hint)}</small>" if hint else ""
    return (
        f'<label><input type="checkbox" name="{field}" value="{escape(value)}"{checked}>{escape(label)}{small}</label>'
    )


def _elsewhere(path: str) -> str:
    """A link to the preference page, from a page beside it."""
    return f'<p><a href="{escape(path)}">Choose what you get instead</a></p>'
