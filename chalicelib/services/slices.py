"""A few recipients of a shard, from "who is it" to "what became of it", in as few requests as can be.

Whatever a worker does here may be cut off at any place, and be done by another at the same time. So nothing is believed
but the mailings: who wrote one first sends, and everybody else reads what is there.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from chalicelib import clock, errors, observability
from chalicelib.adapters import mailer
from chalicelib.models import keys
from chalicelib.models import mailing as mailings
from chalicelib.models.campaign import Campaign, Shard
from chalicelib.models.contact import Contact
from chalicelib.models.mailing import Mailing
from chalicelib.models.settings import Settings
from chalicelib.models.table import several
from chalicelib.schemas.mail import Mail
from chalicelib.services import budget, caps, claims, composing, consent, mail_answers, pace, seen, shards, windows
from chalicelib.services.claims import Wish
from chalicelib.services.shards import Recipient

AT_ONCE: Final = 25  # recipients of a slice at most: what one request claims, and one request records
WAITING: Final = 10  # seconds until it is asked again what another campaign did to the same contact
CANCELLED: Final = "cancelled"

_FAILED: Final = shards.LETTERS["failed"]


class Fate(NamedTuple):
    """What became of one recipient: his character, why he got none, and if he is open when to look again (a stamp)."""

    letter: str
    reason: str | None = None
    until: str | None = None


class Spent(errors.CrmError):
    """The campaign's limit of cost is reached."""


class Sending:
    """One lane's view of its campaign while it works at a shard."""

    def __init__(self, campaign: Campaign, shard: Shard, firm: Settings) -> None:
        self.campaign, self.shard, self.firm = campaign, shard, firm
        self.rate = pace.limit(campaign.rate)
        self.most = max(1, min(AT_ONCE, int(self.rate)))  # recipients of a slice: no more than may go in one second
        self._unused = 0  # turns that were spoken for and not taken
        self._unspent = 0  # billionths of a dollar, the same
        self._tried: dict[str, int] = {}  # contact id -> how often his mail was tried in vain

    def slice(self, recipients: Sequence[Recipient], letters: Sequence[str]) -> Iterator[tuple[int, Fate]]:
        """Settle these, at most `most`, as far as they can be settled now. Raises `Spent`, and nothing is lost then."""
        fates, wanted = self._look(recipients, letters)
        yield from fates.items()
        if not wanted:
            return
        wait = self._turn(len(wanted))
        if wait > pace.PATIENCE:
            yield from self._later(wanted, clock.stamp(clock.after(wait)))
            return
        pace.wait(wait)
        yield from self._go_on(wanted)

    def close(self) -> None:
        """Give back what was spoken for of the limit of cost, and not spent."""
        if self._unspent:
            budget.reserve(self.campaign, -self._unspent)
            self._unspent = 0

    def _look(
        self, recipients: Sequence[Recipient], letters: Sequence[str]
    ) -> tuple[dict[int, Fate], dict[Recipient, Mailing | None]]:
        """Who of them is settled by now or in other hands; and who is to be sent to, with the mailing there is."""
        touched = [one for one in recipients if letters[one.position] != shards.UNTOUCHED]
        places = [Mailing.at(self.campaign.tenant, one.contact_id, str(self.campaign.run)) for one in touched]
        known = dict(zip(touched, claims.held(places), strict=True))
        fates: dict[int, Fate] = {}
        wanted: dict[Recipient, Mailing | None] = {}
        for one in recipients:
            mail = known.get(one)
            fate = self._standing(mail) if mail is not None else None
            if fate is None:
                wanted[one] = mail
            else:
                fates[one.position] = fate
        return fates, wanted

    def _standing(self, mail: Mailing) -> Fate | None:
        """What a mailing says of its recipient; None if it may be claimed anew."""
        if int(mail.shard) != int(self.shard.number):
            return Fate("x", "twice")  # he stands in another shard too, and is accounted for there
        letter = shards.LETTERS.get(mail.status)
        if letter == _FAILED and self._is_again(mail):
            return None
        if letter is not None:
            return Fate(letter, mail.result.get("reason"))
        if claims.is_lost(mail) or (letter is None and mail.outcome is not None and seen.proves_sent(mail.seen)):
            status = claims.lost(mail)
            return Fate(shards.LETTERS[status], "lost") if status else Fate(shards.HELD, until=clock.stamp())
        if self.campaign.status == CANCELLED and mail.outcome is not None:
            return None
        until = claims.until(mail)
        return None if mail.outcome is not None and until <= clock.stamp() else Fate(shards.HELD, until=until)

    def _is_again(self, mail: Mailing) -> bool:
        """Whether it failed before somebody asked for another try, and nobody has told that it was sent after all."""
        asked = (self.campaign.frozen or {}).get("retried_at")
        return asked is not None and str(mail.result["at"]) < asked and not seen.proves_sent(mail.seen)

    def _turn(self, count: int) -> float:
        if self.campaign.status == CANCELLED:
            return 0.0
        short = count - self._unused
        self._unused = max(0, -short)
        return pace.reserve(self.campaign.tenant, short, self.rate) if short > 0 else 0.0

    def _later(self, wanted: dict[Recipient, Mailing | None], until: str) -> Iterator[tuple[int, Fate]]:
        for one, mail in wanted.items():
            yield one.position, Fate(shards.UNTOUCHED if mail is None else shards.HELD, until=until)

    def _go_on(self, wanted: dict[Recipient, Mailing | None]) -> Iterator[tuple[int, Fate]]:
        contacts = self._contacts(wanted)
        wishes, closed = self._wishes(wanted, contacts)
        yield from closed.items()
        sendable = sum(wish.reason is None for wish in wishes.values())
        self._unused += len(wanted) - sendable
        if sendable and not budget.reserve(self.campaign, budget.estimate(sendable) - self._unspent):
            yield from self._later({one: wanted[one] for one in wishes}, clock.stamp())
            raise Spent("The campaign's limit of cost is reached.")
        self._unspent = 0 if sendable else self._unspent
        ours: dict[Recipient, Mailing] = {}
        for one, mine in self._claimed(wanted, wishes):
            if isinstance(mine, Mailing):
                ours[one] = mine
            else:
                yield one.position, mine
        self._unspent += budget.estimate(sendable - len(ours))
        yield from self._sent(ours, contacts)

    def _contacts(self, wanted: dict[Recipient, Mailing | None]) -> dict[str, Contact]:
        """Those who are there, by id. Half a unit each; none where nobody is to be mailed any more."""
        if self.campaign.status == CANCELLED:
            return {}
        names = [one.contact_id for one in wanted]
        found = several([keys.key("contact", tenant=self.campaign.tenant, id=one) for one in names])
        return {one.id: one for one in found if isinstance(one, Contact)}

    def _wishes(
        self, wanted: dict[Recipient, Mailing | None], contacts: dict[str, Contact]
    ) -> tuple[dict[Recipient, Wish], dict[int, Fate]]:
        """What is to be written for each; and those for whom it is not the time of day."""
        campaign, now = self.campaign, clock.now()
        if campaign.status == CANCELLED:
            return {one: Wish(one.contact_id, None, CANCELLED) for one in wanted}, {}
        refused = consent.refusals(campaign.tenant, list(contacts.values()), campaign.topic)
        wishes: dict[Recipient, Wish] = {}
        closed: dict[int, Fate] = {}
        for one, mail in wanted.items():
            contact = contacts.get(one.contact_id)
            address = composing.address_of(contact) if contact is not None else None
            reason = "erased" if contact is None else refused[one.contact_id] or self._moved(one, address)
            opens = self._opens(contact, now) if reason is None else now
            if opens > now:
                letter = shards.UNTOUCHED if mail is None else shards.HELD
                closed[one.position] = Fate(letter, until=clock.stamp(opens))
            else:
                wishes[one] = Wish(one.contact_id, address if reason is None else None, reason)
        return wishes, closed

    def _moved(self, one: Recipient, address: str | None) -> str | None:
        """Whether his address is another one than when the audience was counted, or one that another of it has."""
        if one.trace == shards.TWICE:
            return "duplicate_address"
        same = one.trace == shards.trace(self.campaign.tenant, str(self.campaign.run), address)
        return None if same else "address_changed"

    def _opens(self, contact: Contact | None, now: datetime) -> datetime:
        return windows.opens(self.campaign.window, contact.time_zone if contact else None, self.firm, now)

    def _claimed(
        self, wanted: dict[Recipient, Mailing | None], wishes: dict[Recipient, Wish]
    ) -> Iterator[tuple[Recipient, Mailing | Fate]]:
        """The mailings that are ours to send; of all others what became of them."""
        fresh = [one for one in wishes if wanted[one] is None]
        made, others = claims.take(self.campaign, int(self.shard.number), [wishes[one] for one in fresh])
        for one, mail, other in zip(fresh, made, others, strict=True):
            if other is not None:
                yield one, self._standing(other) or Fate(shards.HELD, until=clock.stamp())
            elif mail.outcome is not None:
                yield one, Fate("x", wishes[one].reason)
            else:
                yield one, mail
        for one, wish in wishes.items():
            before = wanted[one]
            if before is not None:
                yield one, self._retaken(before, wish)

    def _retaken(self, before: Mailing, wish: Wish) -> Mailing | Fate:
        self._tried[wish.contact_id] = claims.attempts(before)
        if wish.reason is not None:
            text = mailings.outcome("suppressed", clock.stamp(), reason=wish.reason)
            if claims.settle(before, text):
                return Fate("x", wish.reason)
        elif claims.retake(before, wish.address):
            return before
        return Fate(shards.HELD, until=clock.stamp())

    def _sent(self, ours: dict[Recipient, Mailing], contacts: dict[str, Contact]) -> Iterator[tuple[int, Fate]]:
        """Write each mail, hand all over at once, and record what became of them, in one request."""
        if not ours:
            return
        verdicts = caps.verdicts(self.campaign, self.firm.frequency_cap, [one.contact_id for one in ours])
        companies = composing.companies(self.campaign, [contacts[one.contact_id] for one in ours])
        mails: dict[Recipient, Mail] = {}
        for one, mailing in ours.items():
            contact = contacts[one.contact_id]
            mail = self._composed(mailing, contact, companies.get(str(contact.company_id)), verdicts[contact.id])
            if isinstance(mail, Mail):
                mails[one] = mail
            else:
                mailing.outcome = mail
        said = dict(zip(mails, mailer.send_all(list(mails.values())), strict=True))
        mail_answers.heed(self.campaign.tenant, self.rate, list(said.values()))
        for one, answer in said.items():
            ours[one].outcome = mail_answers.outcome(answer, self._tried.get(one.contact_id, 0))
        unsent = sum(mailing.status not in ("sent", "unknown") for mailing in ours.values())
        self._unused, self._unspent = self._unused + unsent, self._unspent + budget.estimate(unsent)
        for (one, mailing), done in zip(ours.items(), claims.record(list(ours.values())), strict=True):
            yield one.position, self._fate(mailing) if done else self._instead(mailing)

    def _composed(self, mailing: Mailing, contact: Contact, company: Any, verdict: str | None) -> Mail | str:
        """The mail, or the outcome of one that is not to be sent now or ever."""
        tried = self._tried.get(mailing.contact_id, 0)
        if verdict == caps.REASON:
            return mailings.outcome("suppressed", clock.stamp(), reason=caps.REASON)
        if verdict is not None:
            until = clock.stamp(clock.after(WAITING))
            return claims.deferred(verdict, tried, until)
        try:
            return composing.mail(self.campaign, contact, company, str(mailing.address), self.firm)
        except errors.Invalid as error:
            return mail_answers.invalid(error)
        except Exception as error:  # noqa: BLE001 - a fault of ours in one mail keeps nobody else from his
            observability.failure("mail not composed", error)
            return mail_answers.deferred(type(error).__name__, tried)

    def _fate(self, mailing: Mailing) -> Fate:
        letter = shards.LETTERS.get(mailing.status)
        if letter is None:
            return Fate(shards.HELD, until=claims.until(mailing))
        return Fate(letter, mailing.result.get("reason"))

    def _instead(self, mailing: Mailing) -> Fate:
        """What stands there instead of our outcome. Where nothing does, the contact is erased, and we know best."""
        (there,) = claims.held([mailing])
        if there is None:
            return self._fate(mailing)
        return self._standing(there) or Fate(shards.HELD, until=clock.stamp())
