"""THE key schema: where each kind of item lives, and what each access pattern consumes. Data, read by models, tests
and people.

Every partition key begins with its tenant. Two families do not belong to one: the due index, which only the scheduler
reads, and the directory (tenant `-`), which finds the tenant of somebody who signs in.

Units are DynamoDB request units for items of up to 1 KB written and 4 KB read. A write costs 1, inside a transaction
2; each index entry that is made, changed or removed costs 1 more, a changed index key 2; a second KB doubles it all.
A read costs 0.5, a consistent one 1, and a query rounds up once for the page.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

INDEXES: Final[dict[str, tuple[str, str]]] = {
    "gsi1": ("gsi1pk", "gsi1sk"),
    "gsi2": ("gsi2pk", "gsi2sk"),
    "due": ("due_pk", "due_sk"),
}

DIRECTORY: Final = "-"
DUE_SHARDS: Final = 4  # an idle minute reads each once: 4 x 0.5 units


class Shape(NamedTuple):
    """The key templates of one kind of item; `indexes` holds only those it can appear in."""

    pk: str
    sk: str
    indexes: Mapping[str, tuple[str, str]] = MappingProxyType({})


SHAPES: Final[dict[str, Shape]] = {
    # who has access
    "tenant": Shape("T#{tenant}", "#"),
    "user": Shape("T#{tenant}#{id}", "#", {"gsi1": ("T#{tenant}#user", "{name}#{id}")}),
    "session": Shape("T#{tenant}#{user}", "SESSION#{id}"),
    "token": Shape("T#{tenant}#{id}", "#", {"gsi1": ("T#{tenant}#token", "{id}")}),
    "login": Shape("T#-#login#{email}", "#"),
    "throttle": Shape("T#-#throttle#{subject}", "{window}"),
    # what people work with
    "contact": Shape(
        "T#{tenant}#{id}",
        "#",
        {"gsi1": ("T#{tenant}#contact", "{name}"), "gsi2": ("T#{tenant}#contact", "{updated_at}")},
    ),
    "company": Shape(
        "T#{tenant}#{id}",
        "#",
        {"gsi1": ("T#{tenant}#company", "{name}"), "gsi2": ("T#{tenant}#company", "{updated_at}")},
    ),
    "deal": Shape("T#{tenant}#{id}", "#", {"gsi1": ("T#{tenant}#deal#{stage}", "{rank}#{id}")}),
    "pipeline": Shape("T#{tenant}#{id}", "#", {"gsi1": ("T#{tenant}#pipeline", "{name}#{id}")}),
    "settings": Shape("T#{tenant}", "SETTINGS"),
    "calendar": Shape("T#{tenant}#{id}", "#", {"gsi1": ("T#{tenant}#calendar#{user}", "{id}")}),
    "converted": Shape("T#{tenant}#{contact}", "LEAD#{title}"),
    "playbook": Shape(
        "T#{tenant}#{id}",
        "#",
        {"gsi1": ("T#{tenant}#playbook", "{name}#{id}"), "gsi2": ("T#{tenant}#playbook#{stage}", "{id}")},
    ),
    "play": Shape("T#{tenant}#{deal}", "PLAY#{entered}#{playbook}"),
    "followup": Shape(
        "T#{tenant}#{id}",
        "#",
        {
            "gsi1": ("T#{tenant}#followup#{status}", "{due_at}#{id}"),
            "gsi2": ("T#{tenant}#followup#{subject}", "{status}#{due_at}#{id}"),
        },
    ),
    "digest": Shape("T#{tenant}#{user}", "DIGEST"),
    "wait": Shape("T#{tenant}#{subject}", "WAIT#{followup}"),
    "team": Shape("T#{tenant}#{id}", "#", {"gsi1": ("T#{tenant}#team", "{name}#{id}")}),
    "quota": Shape(
        "T#{tenant}#{id}",
        "#",
        {"gsi1": ("T#{tenant}#quota", "{period}#{id}"), "gsi2": ("T#{tenant}#quota#{subject}", "{period}#{id}")},
    ),
    "rate": Shape("T#{tenant}#rate#{currency}", "{day}"),
    "product": Shape("T#{tenant}#{id}", "#", {"gsi1": ("T#{tenant}#product", "{name}#{id}")}),
    "pricebook": Shape("T#{tenant}#{id}", "#", {"gsi1": ("T#{tenant}#pricebook", "{name}#{id}")}),
    "quote": Shape(
        "T#{tenant}#{id}",
        "#",
        {"gsi1": ("T#{tenant}#quote", "{id}"), "gsi2": ("T#{tenant}#quote#{deal}", "{id}")},
    ),
    "order": Shape(
        "T#{tenant}#{id}",
        "#",
        {
            "gsi1": ("T#{tenant}#order", "{ordered_at}#{id}"),
            "gsi2": ("T#{tenant}#order#{contact}", "{ordered_at}#{id}"),
        },
    ),
    "tombstone": Shape("T#{tenant}#{id}", "#"),
    "trash": Shape("T#{tenant}#{id}", "#", {"gsi1": ("T#{tenant}#trash#{noun}", "{deleted_at}")}),
    "tree": Shape("T#{tenant}", "TREE#{noun}"),
    "activity": Shape(
        "T#{tenant}#{subject}",
        "TL#{id}",
        {"gsi1": ("T#{tenant}#{subject}#{what}", "{id}"), "gsi2": ("T#{tenant}#{subject}#pinned", "{id}")},
    ),
    "event": Shape("T#{tenant}#{subject}", "EVENT#{what}#{external_id}"),
    "change": Shape("T#{tenant}#{record}", "HIST#{at}#{version}"),
    "task": Shape(
        "T#{tenant}#{id}",
        "#",
        {
            "gsi1": ("T#{tenant}#task#{status}", "{due_at}#{id}"),
            "gsi2": ("T#{tenant}#task#{status}#{assignee}", "{due_at}#{id}"),
        },
    ),
    "field": Shape("T#{tenant}#{id}", "#", {"gsi1": ("T#{tenant}#field", "{noun}#{name}#{id}")}),
    "view": Shape("T#{tenant}#{id}", "#", {"gsi1": ("T#{tenant}#view#{reader}", "{noun}#{name}#{id}")}),
    "job": Shape(
        "T#{tenant}#{id}", "#", {"gsi1": ("T#{tenant}#job", "{id}"), "gsi2": ("T#{tenant}#job#{what}", "{id}")}
    ),
    "term": Shape("T#{tenant}#ix#{space}", "{value}#{id}"),
    "card": Shape("T#{tenant}#{id}", "INDEX"),
    "pair": Shape("T#{tenant}#{one}", "PAIR#{other}", {"gsi1": ("T#{tenant}#pair#{noun}", "{score}#{one}#{other}")}),
    # marketing
    "segment": Shape("T#{tenant}#{id}", "#", {"gsi1": ("T#{tenant}#segment", "{name}#{id}")}),
    "member": Shape("T#{tenant}#{segment}", "M#{contact}"),
    "belonging": Shape("T#{tenant}#{contact}", "SEGMENTS"),
    "rulebook": Shape("T#{tenant}", "RULES"),
    "template": Shape("T#{tenant}#{id}", "#", {"gsi1": ("T#{tenant}#template", "{name}#{id}")}),
    "template_body": Shape("T#{tenant}#{id}", "BODY#{digest}"),
    "campaign": Shape("T#{tenant}#{id}", "#", {"gsi1": ("T#{tenant}#campaign", "{id}")}),
    "shard": Shape("T#{tenant}#{campaign}", "SHARD#{number}"),
    "frozen": Shape("T#{tenant}#{campaign}", "FROZEN"),
    "spending": Shape("T#{tenant}#{campaign}", "SPENDING"),
    "pace": Shape("T#{tenant}#pace", "#"),
    "mailing": Shape("T#{tenant}#{contact}", "MAIL#{run}#{step}"),
    "mail_event": Shape(
        "T#{tenant}#message#{message}",
        "{digest}",
        {"gsi1": ("T#{tenant}#mailbox#{mailbox}", "{at}#{digest}"), "gsi2": ("T#{tenant}#mail_event", "{at}#{digest}")},
    ),
    "provider": Shape("T#{tenant}", "PROVIDER#{provider}"),
    "suppression": Shape("T#{tenant}#suppression#{digest}", "#", {"gsi1": ("T#{tenant}#suppression", "{address}")}),
    "topic": Shape("T#{tenant}#topic", "{name}"),
    "consent": Shape("T#{tenant}#{subject}", "CONSENT#{id}"),
    # what keeps it right
    "guard": Shape("T#{tenant}#unique#{noun}#{field}#{value}", "#"),
    "moment": Shape("T#{tenant}#{subject}", "DUE#{what}", {"due": ("DUE#{shard}", "{at}#{tenant}#{subject}#{what}")}),
    "handed": Shape("T#-#due#{shard}", "#"),
    "send": Shape("T#{tenant}#{subject}", "SEND#{purpose}#{at}"),
    "contribution": Shape("T#{tenant}#{record}", "LEDGER#{ledger}"),
    "total": Shape("T#{tenant}#total", "{name}"),
    "sheet": Shape("T#{tenant}#sheet#{book}", "{name}"),
    "snapshot": Shape("T#{tenant}#snapshot", "{month}#{week}"),
    "tally": Shape("T#{tenant}#{record}", "TALLY#{name}"),
    "open_task": Shape("T#{tenant}#{subject}", "OPEN#{task}"),
    "notification": Shape("T#{tenant}#{user}", "NOTE#{id}"),
    "inbox": Shape("T#{tenant}#{user}", "INBOX"),
    "usage": Shape("T#{tenant}#usage", "{day}#{purpose}"),
}


class Pattern(NamedTuple):
    """One thing the house does with the table: units consumed, and what they go into."""

    name: str
    read: float
    write: float
    why: str


PATTERNS: Final[tuple[Pattern, ...]] = (
    Pattern("auth.signup", 0, 11, "tenant 2, user 2 + gsi1 1, login 2, the first pipeline 2 + gsi1 1; session 1"),
    Pattern(
        "auth.login",
        1.5,
        5,
        "login, user and tenant 0.5 each; account and address counted 2, both taken back 2, session 1",
    ),
    Pattern("auth.refresh", 1, 1, "one conditional update that proves and rotates at once; user and tenant 0.5 each"),
    Pattern("auth.standing", 0.5, 0, "is the session still open; asked once a minute per session and process"),
    Pattern("auth.token", 0.5, 0, "an API token is looked up by its own id"),
    Pattern(
        "contact.create",
        3.5,
        6,
        "the company of the address 0.5, six blocks of what may be the same 3, half a unit more for each such record; "
        "contact 2 + gsi1 1 + gsi2 1, guard 2; each further address 2",
    ),
    Pattern("contact.get", 0.5, 0, "one item"),
    Pattern("contact.by_email", 1, 0, "guard, then contact"),
    Pattern("contact.page", 3, 0, "25 contacts of 1 KB in one query of gsi1 or gsi2; 0.5 for each 4 KB"),
    Pattern("contact.patch", 0.5, 4, "contact 1 + gsi1 1 + gsi2 moved 2; no transaction while the addresses stay"),
    Pattern("contact.delete", 0.5, 7, "contact 2 + gsi1 moved to the trash's list 2 + gsi2 1, guard 2"),
    Pattern("contact.restore", 0.5, 7, "contact 2 + gsi1 moved back 2 + gsi2 1, guard 2"),
    Pattern("contact.timeline", 1, 0, "is the contact there 0.5; one query of its own collection 0.5"),
    Pattern("contact.timeline_kind", 1, 0, "is the contact there 0.5; one query of gsi1 0.5"),
    Pattern("contact.timeline_pinned", 1, 0, "is the contact there 0.5; one query of gsi2, which has only such notes"),
    Pattern("contact.timeline_merged", 1.5, 0, "as contact.timeline, and 0.5 for each record merged into it"),
    Pattern(
        "contact.merge",
        2,
        15,
        "both, consistent 2; winner, now 2 KB, 4 + gsi1 2 + gsi2 moved 3; loser 2, out of gsi1 and gsi2 2; guard 2",
    ),
    Pattern("contact.unmerge", 2, 15, "as contact.merge; 1 more read for each other record that stays merged"),
    Pattern("company.merge", 2, 9, "both 2; winner 2 + gsi1 1 + gsi2 moved 2; loser 2, out of gsi1 and gsi2 2"),
    Pattern("company.merge_below", 4, 11, "as company.merge; the tree 1 and 2, and 1 for each company above"),
    Pattern("contact.as_of", 1.5, 0, "the contact, consistent 1; the first change after the moment 0.5"),
    Pattern("contact.history", 1.5, 0, "the contact 0.5; ten changes of 0.6 KB in one query, 0.5 for each 4 KB"),
    Pattern("contact.lifecycle", 1.5, 0, "the contact, its stages and who made it, 0.5 each"),
    Pattern("calendar.create", 0, 2, "link 1 + gsi1 1"),
    Pattern("calendar.get", 0.5, 0, "one item"),
    Pattern("calendar.page", 0.5, 0, "one query of gsi1"),
    Pattern("calendar.delete", 0.5, 2, "link 1 + gsi1 1"),
    Pattern(
        "calendar.read",
        2.5,
        0,
        "link, consistent, 1, whose it is 0.5; a query of his open tasks and one of what he did 0.5 each, for "
        "each 4 KB. A task is 0.6 KB, of which 500 and 200 are read at most",
    ),
    Pattern(
        "home",
        6,
        0,
        "user, settings, pipelines, overdue, today, quota, quiet contacts 0.5 each; what is new 1.5; a pipeline's open "
        "deals and closed ones 0.5 each. Each further pipeline 1, each other currency 0.5, never more than 10",
    ),
    Pattern("home.most", 10, 0, "five pipelines"),
    Pattern(
        "lead.convert",
        5,
        17,
        "who has the address, the domain (twice) 0.5 each; two keys each of what may be the same contact and company "
        "2; pipeline, settings, last card of the stage 0.5 each; contact 2 + gsi1 1 + gsi2 1, guard 2; company "
        "the same; deal 2 + gsi1 1; that it was converted 2. Six keys and five records of each at most",
    ),
    Pattern(
        "lead.join",
        3.5,
        10,
        "who has the address 0.5; the contact twice, pipeline, last card of the stage 0.5 each; was it converted, "
        "consistent, 1; contact 2 + gsi1 1 + gsi2 moved 2, deal 2 + gsi1 1; that it was converted 2",
    ),
    Pattern("activity.create", 0.5, 2, "is the contact there; entry 1 + gsi1 1"),
    Pattern("activity.event", 0.5, 3, "is the contact there; its name in the other system 1, entry 1 + gsi1 1"),
    Pattern("activity.event_again", 2.5, 0, "contact 0.5, name and entry 1 each; the refused name is 1, untold"),
    Pattern("activity.patch", 1, 2, "contact and entry 0.5 each; entry 1 + gsi1 1"),
    Pattern("activity.pin", 1, 3, "as activity.patch, and gsi2 1"),
    Pattern("deal.create", 1.5, 2, "pipeline, settings and the last card of the stage 0.5 each; deal 1 + gsi1 1"),
    Pattern("deal.create_known", 2.5, 2, "as deal.create; a contact and a company, 0.5 each"),
    Pattern("deal.get", 0.5, 0, "one item"),
    Pattern("deal.patch", 0.5, 2, "deal 1 + gsi1 1; the pipeline is not asked while the deal stays in its stage"),
    Pattern(
        "deal.move",
        1.5,
        3,
        "deal, pipeline and the last card of the stage 0.5 each; deal 1 + gsi1 moved 2. With feed.deal_moved 10 in all",
    ),
    Pattern("deal.close", 2, 3, "as deal.move, and the settings 0.5, for another currency its rate 0.5"),
    Pattern("deal.delete", 0.5, 3, "deal 1 + gsi1 moved to the trash's list 2; an id of another system 2, the deal 2"),
    Pattern("deal.restore", 1, 3, "deal, and is its stage there still, 0.5 each; as deleted"),
    Pattern("deal.purge", 0.5, 2, "deal; a stone in its place 1, out of gsi1 1"),
    Pattern("deal.move_beside", 1.5, 3, "deal, the card named and its neighbour 0.5 each; deal 1 + gsi1 moved 2"),
    Pattern(
        "deal.move_tied",
        2.5,
        15,
        "as deal.move_beside, where both neighbours have one rank: cards around, a query each 0.5; two cards 2 + gsi1 "
        "moved 2 each, the two beside them checked 2 each",
    ),
    Pattern(
        "board.page",
        8.5,
        0,
        "pipeline, settings and sheets 0.5 each; twelve cards of 0.8 KB in each of four stages 1.5 each, two empty "
        "ones 0.5 each. However many deals; sheets 0.5 more for each 4 KB, which are some 20 owners and months",
    ),
    Pattern("board.further", 3, 0, "as board.page, of one stage"),
    Pattern("pipeline.create", 0.5, 2, "are there few enough; pipeline 1 + gsi1 1 for each KB"),
    Pattern("pipeline.get", 0.5, 0, "one item"),
    Pattern("pipeline.page", 0.5, 0, "one query of gsi1; 0.5 for each 4 KB"),
    Pattern("pipeline.patch", 0.5, 3, "pipeline 1 + gsi1, sorted by the name, moved 2; 1 less if the name stays"),
    Pattern("pipeline.patch_stage", 1, 2, "as pipeline.patch; has the stage deals, 0.5 for each that goes or closes"),
    Pattern("pipeline.delete", 3.5, 2, "pipeline, has any of its six stages deals 0.5 each; pipeline 1 + gsi1 1"),
    Pattern("pipeline.restore", 1, 2, "pipeline, and are there few enough; pipeline 1 + gsi1 1"),
    Pattern("task.create", 0, 7, "task 2 + gsi1 1 + gsi2 1, moment 2 + due 1"),
    Pattern("task.get", 0.5, 0, "one item"),
    Pattern("task.page", 0.5, 0, "one query of gsi1, or of gsi2 for one assignee"),
    Pattern("task.complete_next", 0.5, 16, "as task.complete, and what is next in the same transaction as task.create"),
    Pattern("task.complete_recurring", 0.5, 16, "as task.complete_next"),
    Pattern("task.complete_last", 1, 9, "as task.complete; is anything else planned for the record 0.5"),
    Pattern("task.snooze", 0.5, 8, "task 2 + gsi1 1 + gsi2 1, moment 2 + due moved 2"),
    Pattern("task.of_record", 2.5, 0, "the record 0.5, which of its tasks are open 0.5, three tasks 0.5 each"),
    Pattern("task.series_local", 1, 7, "as task.create; the caller's zone 0.5, else his firm's 0.5"),
    Pattern("task.calendar", 0, 0, "the times of a series follow from its one task"),
    Pattern("task.complete", 0.5, 9, "task 2 + gsi1 moved 2 + gsi2 moved 2, moment 2 + due 1"),
    Pattern(
        "feed.contact_created",
        3.5,
        28,
        "timeline entry 1 + gsi1 1; contribution read 1 and written 2, total 2; the index as in index.contact; the "
        "firm's rules 1 for each batch of news, here two",
    ),
    Pattern(
        "feed.activity_created",
        4,
        9,
        "contact read 1 and written 1 + gsi1 1, its place in gsi2 2; what it was before 1; card read 1, written twice "
        "2, an entry of the index moved 2; the firm's rules 1 for each batch of news, here two",
    ),
    Pattern(
        "feed.task_created",
        8.5,
        15,
        "entry 2; contribution read 1, written with total 4; open task 1, read twice with the contact 4; contact 4; "
        "what it was before 1; card read 1, written twice 2, an entry of the index 1; has the assignee a team 0.5; "
        "the firm's rules 1 for each batch of news, here two",
    ),
    Pattern("feed.deal_came", 0.5, 0, "is the pipeline into which it came still there"),
    Pattern("feed.deal_moved", 4, 7, "history, entry and sheets as below; has the stage a playbook 0.5; rules 2"),
    Pattern(
        "feed.deal_won",
        11,
        29,
        "history 1, entry 2, sheets of the open and the closed ones 8, index 6, what chances are learned from 8, open "
        "deals of its company 4, each sheet that empties 1 more; contributions, the card, names, plans, rules read",
    ),
    Pattern("feed.deal_moved_history", 0, 1, "what the deal was before, packed into less than 1 KB"),
    Pattern("feed.deal_moved_told", 0.5, 2, "the names of the stages 0.5; timeline entry 1 + gsi1 1"),
    Pattern("feed.deal_moved_sheets", 1, 4, "contribution read 1 and written 2, the sheet of its owner and month 2"),
    Pattern("feed.deal_moved_index", 0, 0, "a move between open stages changes nothing that lists are sorted by"),
    Pattern("feed.deal_counted", 1, 4, "contribution read 1 and written 2, total 2; not for a move"),
    Pattern(
        "feed.deal_crowded",
        1,
        10,
        "a rank of more than 32 characters: cards on either side, a query each 0.5 for 4 KB; here two cards are spread "
        "anew, 2 + gsi1 moved 2 each, and one beside them is checked 2; 96 cards at most",
    ),
    Pattern("feed.deal_sold", 1, 4, "contribution read 1 and written 2, the sheet of its company 2; not for a move"),
    Pattern("feed.change", 0, 1, "what the record was before, packed into less than 1 KB; each further KB 1"),
    Pattern("feed.told", 0, 2, "a new owner, stage or place: timeline entry 1 + gsi1 1"),
    Pattern("feed.company_reached", 1, 4, "company read 1 and written 1 + gsi1 1 + its place in gsi2 2"),
    Pattern("feed.assigned", 0.5, 1, "as inbox.tell; none for a task of one's own"),
    Pattern("feed.mention", 0, 2, "moment 1 + due 1"),
    Pattern("feed.dates", 2, 2, "record, consistent, before and after 1 each; moment 1 + due 1"),
    Pattern("feed.purged", 0, 2, "moment 1 + due 1; each item beside the record 1 and its index entries"),
    Pattern("feed.user_limited", 1.5, 0, "user read 1, the firm's tokens in one query 0.5; 2 for each that ends"),
    Pattern("field.create", 0.5, 7, "are there few enough; field 2 + gsi1 1, guard of the name 2, guard of its type 2"),
    Pattern("field.get", 0.5, 0, "one item"),
    Pattern("field.page", 0.5, 0, "one query of gsi1"),
    Pattern("field.patch", 0.5, 2, "field 1 + gsi1 1"),
    Pattern("field.delete", 0.5, 5, "field 2 + gsi1 1, guard 2"),
    Pattern("field.restore", 1, 5, "field, and are there few enough; as deleted"),
    Pattern("field.check", 0.5, 0, "the noun's fields in one query of gsi1, however many values; a reference 0.5 more"),
    Pattern("import.start", 0.5, 7, "the firm's own fields 0.5; as of any job; the file lies in storage"),
    Pattern("import.get", 1, 0, "the job, and whether it was taken back, 0.5 each"),
    Pattern("import.page", 2, 0, "three imports in one query of gsi2 0.5; was each taken back 0.5"),
    Pattern("import.rows", 1, 0, "is there such an import, may the caller read its rows; the rows lie in storage"),
    Pattern("import.contact", 0.5, 6, "has somebody the address 0.5; written as by a client, many to a transaction"),
    Pattern("import.revert", 0.5, 9, "the import 0.5; a job 7, and that there is only one 2"),
    Pattern("job.start", 0, 7, "job 2 + gsi1 1 + gsi2 1, moment 2 + due 1"),
    Pattern("job.get", 0.5, 0, "one item"),
    Pattern("job.page", 0.5, 0, "one query of gsi1, or of gsi2 for one kind; 0.5 for each 4 KB"),
    Pattern("job.cancel", 0.5, 3, "found 0.5; job 1 + gsi1 1 + gsi2 1"),
    Pattern("job.turn", 2, 11, "moment and job, consistent, 1 each; claimed 3, moment moved 3, ended 3, moment gone 2"),
    Pattern("job.step", 0, 3, "what a step did: job 1 + gsi1 1 + gsi2 1 for each KB"),
    Pattern("inbox.tell", 0.5, 1, "who the user is, and whether he wants to hear of it 0.5; the item 1"),
    Pattern("inbox.tell_undated", 0.5, 2, "as inbox.tell; the time of the first call kept beside the key 1"),
    Pattern("inbox.page", 1.5, 0, "up to where all is read, consistent 1; one query 0.5 for each 4 KB, some ten items"),
    Pattern("inbox.unread", 1.5, 0, "as inbox.page, of what came since all was read; at most a hundred"),
    Pattern("inbox.read", 1.5, 1, "the item 0.5, up to where all is read 1; the item 1"),
    Pattern("inbox.read_all", 1.5, 1, "one item, however many are unread; counted as inbox.unread"),
    Pattern("view.create", 0, 2, "view 1 + gsi1 1"),
    Pattern("view.get", 0.5, 0, "one item"),
    Pattern("view.page", 1, 0, "one's own and the shared ones, a query of gsi1 each"),
    Pattern("view.patch", 0.5, 2, "view 1 + gsi1 1; shared or renamed it moves in gsi1, 1 more"),
    Pattern("view.delete", 0.5, 2, "view 1 + gsi1 1"),
    Pattern("view.restore", 0.5, 2, "view 1 + gsi1 1"),
    Pattern("view.filter", 0.5, 0, "one item"),
    Pattern("settings.get", 0.5, 0, "one item"),
    Pattern("settings.patch", 1, 1, "read, consistent, and written"),
    Pattern(
        "settings.currency",
        5.5,
        4,
        "the settings 1; the pipelines, each of their six stages, the trash, the orders 0.5; settings and guard 2 each",
    ),
    Pattern(
        "forecast.read",
        5,
        0,
        "settings and pipelines 0.5 each; of one pipeline the open deals and the closed ones in a query each, 0.5 each "
        "and for 4 KB more; quotas of one year in three queries, 1.5; names 0.5; rates of two currencies 0.5 each",
    ),
    Pattern("deal_sheets.mine", 1, 0, "one owner's open deals in one query 0.5, those closed in a month 0.5"),
    Pattern(
        "quota.create",
        1.5,
        8,
        "settings, user and pipeline 0.5 each; quota 2 + gsi1 1 + gsi2 1, guard 2, that the currency stays 2",
    ),
    Pattern("quota.get", 0.5, 0, "one item"),
    Pattern("quota.page", 0.5, 0, "one query of gsi1, or of gsi2 for one user or team; 0.5 for each 4 KB"),
    Pattern("quota.patch", 1, 3, "quota and settings 0.5 each; quota 1 + gsi1 1 + gsi2 1"),
    Pattern("quota.delete", 0.5, 6, "quota 2 + gsi1 1 + gsi2 1, guard 2"),
    Pattern("quota.restore", 0.5, 6, "quota 2 + gsi1 1 + gsi2 1, guard 2"),
    Pattern("quota.of_user", 0.5, 0, "a user's quotas of a year in one query of gsi2: here two months and a quarter"),
    Pattern("rate.put", 0.5, 2, "the settings 0.5; that the currency stays 1, rate 1; a replaced one 1 more"),
    Pattern("rate.put_table", 0.5, 4, "the settings 0.5; that the currency stays 1, three rates 1 each"),
    Pattern("rate.page", 0.5, 0, "one query of the currency's rates, 0.5 for each 4 KB"),
    Pattern("rate.delete", 0, 1, "one item"),
    Pattern("rate.at", 1, 0, "the settings 0.5; the last rate by then in one query 0.5"),
    Pattern("team.create", 0.5, 5, "one member: is he there 0.5; team 2 + gsi1 1, guard 2. Each further one 0.5 and 2"),
    Pattern("team.get", 0.5, 0, "one item"),
    Pattern("team.page", 0.5, 0, "one query of gsi1; 0.5 for each 4 KB"),
    Pattern("team.patch", 0.5, 2, "team 1 + gsi1 1, while the members stay"),
    Pattern("team.delete", 0.5, 5, "team 2 + gsi1 1, guard of one member 2"),
    Pattern("team.restore", 0.5, 5, "team 2 + gsi1 1, guard of one member 2"),
    Pattern("team.of_user", 1, 0, "guard, then team 0.5 each; without a team 0.5"),
    Pattern("worktime.of", 1.5, 0, "the settings 0.5, the team as in team.of_user"),
    Pattern("playbook.create", 0.5, 3, "is the stage there; playbook 1 + gsi1 1 + gsi2 1"),
    Pattern("playbook.get", 0.5, 0, "one item"),
    Pattern("playbook.page", 0.5, 0, "one query of gsi1, or of gsi2 for one stage; 0.5 for each 4 KB"),
    Pattern("playbook.patch", 0.5, 3, "playbook 1 + gsi1 1 + gsi2 1, while name and stage stay"),
    Pattern("playbook.delete", 0.5, 3, "playbook 1, out of gsi1 and gsi2 1 each"),
    Pattern("playbook.restore", 0.5, 3, "as deleted"),
    Pattern("playbook.none", 0.5, 0, "a deal enters a stage: has the stage a playbook"),
    Pattern("playbook.entered", 0.5, 2, "the same, and a moment 1 + due 1"),
    Pattern(
        "playbook.play",
        8,
        22,
        "deal, its plans and the deal again 1 each; playbook 0.5, owner 0.5, working time 1, three times the subject "
        "of a task 0.5 and its assignee 0.5; plan 1, three tasks as in task.create",
    ),
    Pattern("playbook.closed", 1, 0, "a deal is closed: has it plans; one more if so, and what each open task costs"),
    Pattern(
        "followup.create",
        1.5,
        9,
        "subject 0.5, working time 1; followup 2 + gsi1 1 + gsi2 1, moment 2 + due 1, a wait 2 for each record",
    ),
    Pattern("followup.get", 0.5, 0, "one item"),
    Pattern("followup.page", 0.5, 0, "one query of gsi1, or of gsi2 for one subject; 0.5 for each 4 KB"),
    Pattern("followup.delete", 0.5, 9, "as created; one that has ended 3"),
    Pattern("followup.unconcerned", 0, 0, "an activity that is no answer"),
    Pattern("followup.none", 0.5, 0, "an answer where nothing waits"),
    Pattern(
        "followup.answered",
        1.5,
        11,
        "the waits 0.5, followup 1; written 2, moved in gsi1 2 and gsi2 2, moment 3, wait 2",
    ),
    Pattern(
        "followup.due",
        9,
        16,
        "followup, subject twice and its timeline 1 each, assignee 0.5, working time 1; task: subject and assignee 0.5 "
        "each, 7; followup 6, wait 2; told: subject and task 1 each, user 0.5, 1",
    ),
    Pattern(
        "feed.outcome",
        4,
        10,
        "a deal is lost: what it contributed 1, twice; what is counted so far of all, its owner and its source, and "
        "the pipeline, 0.5 each; contribution 2, counts 2, owner 2, source 2, reason 2. A won one 2 less; a move 0",
    ),
    Pattern("feed.first_deal", 1.5, 2, "has the firm a moment 1, its time zone 0.5; moment 1 + due 1; once a week"),
    Pattern("report.funnel", 1.5, 0, "pipeline, sheets of open and of closed deals; 0.5 each, and for each 4 KB more"),
    Pattern("report.velocity", 2, 0, "the same, and the settings"),
    Pattern("report.lost_reasons", 1.5, 0, "pipeline, sheets of reasons, settings; 0.5 each, and for each 4 KB more"),
    Pattern("report.win_probability", 1, 0, "pipeline and what is counted, 0.5 each"),
    Pattern("deal.probability", 2.5, 0, "deal, pipeline, what is counted of all, its owner and its source; 0.5 each"),
    Pattern(
        "due.snapshot",
        2.5,
        7,
        "settings, pipelines, of one its open deals and the closed ones, is it kept already; 0.5 each, a rate 0.5. The "
        "week 2, a month 2 for each KB; moment 1, its place in the due index moved 2",
    ),
    Pattern("snapshot.page", 0.5, 0, "one query of the weeks; 0.5 for each 4 KB"),
    Pattern("snapshot.drift", 1.5, 0, "settings, the month's weeks, and all weeks; 0.5 each, and for each 4 KB more"),
    Pattern("escalation.none", 0.5, 0, "a task changes: has its assignee a team; 1 if it has, and wants nothing told"),
    Pattern("escalation.planned", 3.5, 2, "team 1, settings 0.5, task before and after 1 each; moment 1 + due 1"),
    Pattern(
        "escalation.due",
        3.5,
        4,
        "task 1, team 1, settings 0.5, manager and assignee 0.5 each; the inbox's key 1, told 1, mail 2",
    ),
    Pattern("digest.get", 2, 0, "digest, user, settings and team 0.5 each"),
    Pattern("digest.put", 2.5, 5, "digest 1, user, settings and team 0.5 each; digest 2, moment 2 + due 1"),
    Pattern("digest.delete", 1, 5, "digest 1; as made"),
    Pattern(
        "digest.due",
        6.5,
        5,
        "digest and user twice 3, working days 1, tasks 0.5, deals 0.5 and each, inbox 1.5; mail 2, moment 1, moved 2",
    ),
    Pattern("digest.moved", 2.5, 3, "another zone: digest 1, user, settings and team 0.5 each; moment 1, moved 2"),
    Pattern("duplicate.page", 1.5, 0, "one query of gsi1 0.5; the two records of each pair 0.5 each"),
    Pattern("duplicate.dismiss", 1, 2, "are both there 0.5 each; pair 1, out of gsi1 1"),
    Pattern("duplicate.candidates", 4.5, 0, "eight keys, a query each 0.5; the one record that shares one 0.5"),
    Pattern("duplicate.warn", 3.5, 0, "the six most telling keys 0.5 each, at most five records 0.5 each: here one"),
    Pattern("duplicate.step", 0.5, 0, "200 keys or 100 pairs, 0.5 for 4 KB; the records of them 0.5 each: here none"),
    Pattern(
        "duplicate.scan", 15.5, 2, "earlier pairs 0.5, 16 shards 0.5 each; two records in each of seven 1; a pair 2"
    ),
    Pattern("export.page", 13, 0, "25 contacts: where they are in the order they were made 0.5, 0.5 each"),
    Pattern(
        "index.contact",
        0.5,
        22,
        "is there a card 0.5; name 2, address 1, its second word 1, domain 1, phones 2, tags 2, made at 1, last touch "
        "1, keys of possible duplicates 10; card 1. A third word of the name adds 4, each of company, stage, "
        "class, next activity, birthday and custom field 1, an owner 2",
    ),
    Pattern(
        "index.deal",
        0.5,
        8,
        "is there a card 0.5; two words of the title 2, made at 1, expected close 1, owner, company and contact 1 "
        "each; card 1. Each further word, contact, tag and custom field 1",
    ),
    Pattern("index.deal_closed", 1, 6, "card read 1, claimed 1 and given back 1; owner and close moved 2 each"),
    Pattern("index.contacted", 1, 4, "card read 1, claimed 1 and given back 1; the entry of the last contact moved 2"),
    Pattern("index.contacted_owned", 1, 6, "as index.contacted; the owner's entry too, at the first touch of a day"),
    Pattern("index.unconcerned", 0, 0, "a change of what nobody looks for: neither read nor written"),
    Pattern("search.page", 5, 0, "entries in queries of 0.5 to 1 each, records 0.5 each; never more"),
    Pattern("search.one", 2, 0, "two words: three stretches of the index 0.5 each, the record 0.5"),
    Pattern("rule.parse", 0.5, 0, "the firm's own fields of a noun that the rule asks of; the currency 0.5 if needed"),
    Pattern("facts.company", 0.5, 0, "one item; of several contacts each company once"),
    Pattern("facts.deals", 1, 0, "25 entries of the index 0.5, each deal 0.5; 100 at most"),
    Pattern("facts.orders", 0.5, 0, "one query of gsi2, 0.5 for each 4 KB; the last 100"),
    Pattern("facts.purchases", 0.5, 0, "the sheet of what all orders come to"),
    Pattern("facts.mail", 0.5, 0, "five mails of 0.7 KB in one query, 0.5 for each 4 KB; the last 100"),
    Pattern("facts.tasks", 0.5, 0, "which tasks are open, one query 0.5"),
    Pattern("facts.activity", 0.5, 0, "one query of gsi1 for each kind of activity that is asked of"),
    Pattern("facts.zone", 0.5, 0, "the settings, once for several contacts; not where each contact has a zone"),
    Pattern(
        "facts.consistent",
        7.5,
        0,
        "all of these as they are now: company, sheet, mails, tasks 1 each, deals 2; orders, activity, zone 0.5 each",
    ),
    Pattern("list.facet", 13, 0, "25 entries in one query 0.5, each record 0.5"),
    Pattern("list.custom", 1.5, 0, "the noun's fields 0.5, entries 0.5, each record 0.5"),
    Pattern("list.board", 2.5, 0, "25 cards of 0.8 KB in one query of gsi1; 0.5 for each 4 KB"),
    Pattern("list.rotting", 3, 0, "as list.board, however few rot; the pipeline 0.5"),
    Pattern("list.deals", 13, 0, "25 entries in one query 0.5, each deal 0.5"),
    Pattern("search.deal", 1, 0, "one stretch of the index, the deal 0.5"),
    Pattern("company.deals", 2, 0, "is the company there, whom has it absorbed, entries and a deal, 0.5 each"),
    Pattern("list.trash", 0.5, 0, "one query of gsi1; 0.5 for each 4 KB"),
    Pattern("bulk.start", 0, 7, "job 2 + gsi1 1 + gsi2 1, moment 2 + due 1"),
    Pattern("bulk.record", 1, 4, "looked at 0.5, then the patch of one contact; what is kept of the step: job.step"),
    Pattern("bulk.unchanged", 0.5, 0, "looked at"),
    Pattern("reassign.start", 1, 7, "both users; job 2 + gsi1 1 + gsi2 1, moment 2 + due 1"),
    Pattern("relabel.start", 0, 7, "job 2 + gsi1 1 + gsi2 1, moment 2 + due 1"),
    Pattern(
        "relabel.step",
        4.5,
        4,
        "company before and after 1 each, list of one contact 1.5; contact 1, written 1 + gsi1 1 + gsi2 moved 2",
    ),
    Pattern("relabel.linked", 1, 0, "the company, as it is now; asked when a contact gets one"),
    Pattern("due.idle_minute", 2, 0, "each shard asked once, nothing found"),
    Pattern("due.claim", 0, 3, "moment 1, its place in the due index moved to the end of the lease 2"),
    Pattern("due.finish", 0, 2, "moment 1 + due 1 removed"),
    Pattern("due.crowd", 2, 1, "fifteen keys, seen twice, 0.5 for each 4 KB; what was told of before 1, now 1"),
    Pattern("due.reminder", 2, 8, "task 1, assignee 0.5, his firm's zone 0.5; claimed 3, inbox 1, mail 2, removed 2"),
    Pattern("due.date", 3.5, 5, "record 1, owner 0.5; mail claimed and recorded 2; record twice 2, moment moved 3"),
    Pattern("usage.page", 1, 0, "one query of the tenant's days, consistent: what was just written is on the bill"),
    Pattern(
        "company.rollup",
        3,
        0,
        "the company 0.5; what is right below each company 1; its contacts and its open deals 0.5 each, settings 0.5",
    ),
    Pattern(
        "sending.audience",
        61,
        17,
        "a hundred: members 5, contacts 50; the campaign at each of four steps 4, shard 1, campaign 1; shard 3, "
        "campaign 2 + gsi1 1, a lane 7 as of any job, cost 1 at each step; five more for each further lane",
    ),
    Pattern(
        "sending.step",
        31,
        57,
        "25 of a shard: contacts and what is known of their addresses 0.5 each; claimed and recorded 1 each. Campaign, "
        "settings 0.5 each, shard, pace, what is counted 1 each; once in a process and run, template and firm 2; pace "
        "1, cost 1, shard 1 for each KB, counted 4",
    ),
    Pattern("sending.finish", 2, 3, "campaign 0.5, the sum 1, campaign 0.5; campaign 1 + gsi1 1, cost 1"),
    Pattern("sending.cap", 1, 0, "a contact's mailings in one query, consistent, 1 for each 4 KB; none without a cap"),
    Pattern("sending.budget", 0, 1, "for each few mails; nothing without a limit of cost"),
    Pattern(
        "sending.cancelled",
        3,
        32,
        "25 who get none any more: campaign, settings 0.5 each, shard 1, what is counted 1; 1 each, shard 2, cost 1, "
        "counted 4",
    ),
    Pattern("sending.recount", 3.5, 0, "shard 1, campaign 0.5, each unknown 1, is it counted 1; with news as counted"),
    Pattern("product.create", 0, 5, "product 2 + gsi1 1, guard of the sku 2"),
    Pattern("product.get", 0.5, 0, "one item"),
    Pattern("product.page", 0.5, 0, "one query of gsi1; 0.5 for each 4 KB"),
    Pattern("product.by_sku", 1, 0, "guard, then product"),
    Pattern("product.patch", 0.5, 2, "product 1 + gsi1 1; no transaction while the sku stays"),
    Pattern("product.delete", 0.5, 5, "product 2 + gsi1 1, guard 2"),
    Pattern(
        "pricebook.create", 1, 2, "each product consistent 1; book 1 + gsi1 1; 1 and 1 more for each KB: 20 prices"
    ),
    Pattern("pricebook.get", 0.5, 0, "one item; 0.5 for each 4 KB: 80 prices"),
    Pattern("pricebook.page", 0.5, 0, "one query of gsi1; 0.5 for each 4 KB"),
    Pattern("pricebook.patch", 0.5, 2, "book 1 + gsi1 1"),
    Pattern("lines.priced", 1, 0, "the book 0.5, each product of a new line 0.5; lines that were there cost nothing"),
    Pattern("quote.create", 1, 3, "deal and the firm's settings 0.5 each; quote 1 + gsi1 1 + gsi2 1"),
    Pattern("quote.get", 0.5, 0, "one item"),
    Pattern("quote.page", 0.5, 0, "one query of gsi1, or of gsi2 for one deal"),
    Pattern("quote.patch", 0.5, 3, "quote 1 + gsi1 1 + gsi2 1"),
    Pattern("quote.send", 0.5, 3, "quote 1 + gsi1 1 + gsi2 1; sent again, nothing; the link is signed, not kept"),
    Pattern("quote.shown", 1.5, 0, "quote, consistent 1; who offers it 0.5; a wrong link is not looked up"),
    Pattern(
        "quote.accept",
        2,
        8,
        "quote, consistent 1, settings and who offers it 0.5 each; quote 2 + gsi1 1 + gsi2 1; order as much",
    ),
    Pattern("order.create", 1, 6, "contact, settings 0.5 each; order 2 + gsi1 1 + gsi2 1, guard 2; a company 2 more"),
    Pattern("order.get", 0.5, 0, "one item"),
    Pattern("order.again", 1.5, 0, "guard 0.5; order, consistent 1: it says nothing new, and nothing is written"),
    Pattern("order.page", 0.5, 0, "one query of gsi1; 0.5 for each 4 KB"),
    Pattern("order.patch", 0.5, 3, "order 1 + gsi1 1 + gsi2 1; no transaction while ids and company stay"),
    Pattern(
        "order.of_contact", 1, 0, "is the contact there 0.5; one query of gsi2 0.5, and one for each merged into it"
    ),
    Pattern("order.of_company", 1.5, 0, "is the company there 0.5; entries in one query 0.5, each order 0.5"),
    Pattern("order.purchases", 2.5, 0, "contact, settings, sheet, the first and the last order 0.5 each"),
    Pattern("feed.order_created", 3, 6, "entry 1 + gsi1 1; contribution read 1 and written 2, sheet 2; rules 2"),
    Pattern("feed.order_paid", 2, 1, "contribution read 1 and written 1; with the sheet 4, if that changes; rules 1"),
    Pattern(
        "feed.quote_declined",
        2.5,
        3,
        "deal, consistent 1; timeline entry 1 + gsi1 1; who is told 0.5, news 1; the firm's rules 1",
    ),
    Pattern("segment.create", 0, 2, "segment 1 + gsi1 1"),
    Pattern(
        "segment.create_rule",
        1.5,
        12,
        "how many contacts 0.5, the book of rules 1; segment 2 + gsi1 1, book 2, job 2 + gsi1 1 + gsi2 1, moment 2 + "
        "due 1. An amount of money or a field of the firm's own in the rule 0.5 each",
    ),
    Pattern("segment.get", 1, 0, "segment and its size 0.5 each"),
    Pattern("segment.page", 2, 0, "three segments in one query of gsi1 0.5, the size of each 0.5"),
    Pattern("segment.patch", 1, 2, "segment and its size 0.5 each; segment 1 + gsi1 1"),
    Pattern("segment.patch_rule", 2.5, 12, "segment and its size 0.5 each; as created"),
    Pattern("segment.delete", 1, 2, "campaigns, 0.5 for each 4 KB, segment 0.5; segment 1 + gsi1 1"),
    Pattern("segment.delete_rule", 2, 12, "as segment.delete; book 1; segment, book, job and moment as created"),
    Pattern("segment.restore", 1, 2, "as segment.patch; with a rule as segment.patch_rule"),
    Pattern("segment.rebuild", 1, 7, "segment, how many contacts 0.5 each; job 2 + gsi1 1 + gsi2 1, moment 2 + due 1"),
    Pattern("segment.members", 14, 0, "segment 0.5; 25 members of 0.2 KB in one query 1, each contact 0.5"),
    Pattern(
        "segment.add_member",
        6,
        6,
        "segment 0.5, contact 1; contact and card before and after 1 each, size 0.5; card, member and size 2 each",
    ),
    Pattern("segment.remove_member", 4.5, 6, "segment 0.5, contact and card before and after 1 each; as added"),
    Pattern("segment.walk", 1, 0, "15 members in one query, consistent, 1 for each 4 KB"),
    Pattern(
        "segment.preview",
        3.5,
        0,
        "how many contacts there are 0.5; 25 of 1 KB in one query of gsi1 3; what a rule asks besides the contact as "
        "in services/rules/facts.py",
    ),
    Pattern("membership.unasked", 1, 0, "a batch of changes of which no rule asks: which rules there are"),
    Pattern("membership.looked", 3, 0, "rules 1, contact and card 1 each; nothing to do"),
    Pattern("membership.entered", 6, 6, "as membership.looked, before and after; card, member and size 2 each"),
    Pattern("membership.opened", 4, 0, "rules, contact, card, mails of the contact 1 each; its moment stays"),
    Pattern("membership.opened_first", 8, 9, "as before, twice; card, member and size 2 each, moment 2 + due 1"),
    Pattern(
        "membership.due",
        9,
        9,
        "moment 1; rules, contact, card and mails before and after 1 each; card, member and size 2 each, moment 2 + "
        "due 1. Claiming it is due.claim",
    ),
    Pattern("membership.judged", 51, 0, "25 contacts gone through: rules 1; contact and card 1 each, and its facts"),
    Pattern("consent.refusals", 2.5, 0, "what is known of four addresses and the topic 0.5 each, in one request"),
    Pattern("suppression.add", 1, 2, "what is known 1; 1 + gsi1 1"),
    Pattern("suppression.add_again", 1, 0, "what is known 1; nothing is new"),
    Pattern("suppression.none", 0, 0, "an event that says nothing of its address"),
    Pattern("suppression.soft_bounce", 2, 0, "what is known 1, the mailbox's events 0.5, the settings 0.5"),
    Pattern(
        "suppression.unsubscribed",
        3.5,
        7,
        "what is known 1, who has the address 0.5, he, consistent, twice 2; 1 + gsi1 1; contact 1 + gsi1 1 + gsi2 "
        "moved 2, log 1",
    ),
    Pattern("suppression.get", 1, 0, "one item, consistent"),
    Pattern("suppression.page", 0.5, 0, "one query of gsi1; 0.5 for each 4 KB"),
    Pattern("suppression.put", 1.5, 7, "what is known 1, who has the address 0.5; 2 + gsi1 1, told in two logs 2 each"),
    Pattern("suppression.delete", 1.5, 7, "as suppression.put"),
    Pattern("topic.put", 2, 1, "is it there 1, are there few enough 1; topic 1"),
    Pattern("topic.put_again", 1, 1, "one item"),
    Pattern("topic.get", 0.5, 0, "one item"),
    Pattern("topic.page", 0.5, 0, "all of a firm's lie together; 0.5 for each 4 KB"),
    Pattern("topic.delete", 0.5, 1, "one item"),
    Pattern("unsubscribe.page", 1, 0, "the firm's name and that of the topic 0.5 each; a wrong link is not looked up"),
    Pattern(
        "unsubscribe.click",
        4.5,
        10,
        "contact, consistent, twice 2, mailing 0.5, what is known 1, names 1; known 1 + gsi1 1, contact 1 + gsi1 1 + "
        "gsi2 moved 2, log 1, event 1 + gsi1 1 + gsi2 1",
    ),
    Pattern("unsubscribe.click_alone", 3.5, 9, "no topic, and no mail of a campaign: timeline entry 1 + gsi1 1"),
    Pattern("preferences.page", 3, 0, "contact 1, what is known of his address 1, topics 0.5, the firm's name 0.5"),
    Pattern("preferences.same", 5, 0, "as preferences.page; contact and what is known before and after"),
    Pattern("preferences.off", 7, 9, "as preferences.same, and unsubscribe.click_alone without its page"),
    Pattern(
        "consent.record",
        3,
        6,
        "contact 0.5, topic 0.5, what is known 1, contact, consistent, 1; known 1, contact 4, log 1",
    ),
    Pattern("consent.get", 1.5, 0, "contact 0.5, entry, consistent, 1"),
    Pattern("consent.page", 1, 0, "contact 0.5; one query of his collection 0.5, and one for each merged into him"),
    Pattern("consent.chosen", 0, 1, "each choice that is another 1"),
    Pattern(
        "consent.request",
        3,
        6,
        "contact, topic twice and the firm's name 0.5 each, what is known 1; counted 1, log 2, moment 2 + due 1",
    ),
    Pattern("consent.mail", 3.5, 2, "contact twice 2, his log 1, the firm's name 0.5; mail claimed and recorded 2"),
    Pattern("consent.confirm_page", 3.5, 0, "request, contact and what is known 1 each, the firm's name 0.5"),
    Pattern("consent.confirm", 4.5, 6, "as consent.confirm_page, contact 1 more; what is known 1, contact 4, log 1"),
    Pattern(
        "feed.erased", 1.5, 5, "for each address: what is known 1; 1 + gsi1 1; events 0.5, each 1 + gsi1 1 + gsi2 1"
    ),
    Pattern(
        "template.create",
        0,
        3,
        "template 1 + gsi1 1; its body 1 for each KB packed, which is a fifth or less of the texts (40 KB of HTML 7)",
    ),
    Pattern("template.partial", 0, 6, "its name is its own: template 2 + gsi1 1, guard 2; its body 1"),
    Pattern("template.using", 1.5, 3, "as template.create; the partial's name, itself, its body 0.5 each"),
    Pattern("template.get", 1, 0, "template, and its body 0.5 for each 4 KB packed"),
    Pattern("template.page", 2, 0, "25 templates of 0.6 KB, without their bodies, in one query of gsi1"),
    Pattern("template.patch", 1, 3, "template and body 0.5 each; the new body 1, template 1 + gsi1 1, 2 if renamed"),
    Pattern("template.delete", 1, 2, "template, read twice, 0.5 each; template 1 + gsi1 1"),
    Pattern("template.delete_partial", 1.5, 5, "as template.delete; who renders it 0.5; all 2, and the guard 2"),
    Pattern("template.restore", 1, 2, "as deleted; its body 0.5"),
    Pattern(
        "template.preview",
        3,
        0,
        "template, body for what is to be said, contact, user, and once a minute the firm and its settings 0.5 each; "
        "body once more in a process that has not rendered it",
    ),
    Pattern("template.compile", 0.5, 0, "a partial; nothing without, and none for one that a campaign has pinned"),
    Pattern("campaign.create", 1, 2, "are segment and template there 0.5 each; campaign 1 + gsi1 1"),
    Pattern("campaign.get", 0.5, 0, "one item"),
    Pattern("campaign.page", 0.5, 0, "one query of gsi1; 0.5 for each 4 KB"),
    Pattern("campaign.patch", 0.5, 2, "campaign 1 + gsi1 1, while segment and template stay"),
    Pattern("campaign.delete", 0.5, 2, "campaign 1 + gsi1 1"),
    Pattern("campaign.restore", 0.5, 2, "campaign 1 + gsi1 1"),
    Pattern(
        "campaign.schedule",
        5,
        6,
        "campaign 0.5, segment and template, consistent, 1 each, settings 0.5; lint: the template's body twice, the "
        "firm and its settings 0.5 each, the latter once a minute; campaign 2 + gsi1 1, moment 2 + due 1",
    ),
    Pattern("campaign.unschedule", 0.5, 6, "as scheduled"),
    Pattern(
        "campaign.launch",
        6.5,
        12,
        "as scheduled; how many are in the segment, and both once more as the engine sees them, 0.5 each; campaign 2 + "
        "gsi1 1, what it is frozen with 2, the job of its audience 7",
    ),
    Pattern("campaign.launch_again", 0.5, 0, "it is running already"),
    Pattern("campaign.pause", 0.5, 2, "campaign 1 + gsi1 1"),
    Pattern("campaign.submit", 1, 1, "campaign and users 0.5 each; one who may approve it is told 1"),
    Pattern(
        "campaign.approve", 3, 3, "campaign 0.5, segment and template 1 each; 1 + gsi1 1; who wrote it is told 0.5, 1"
    ),
    Pattern(
        "campaign.preflight",
        28,
        0,
        "as far as campaign.launch goes without writing, and how many contacts there are 0.5; of each of 20 members: "
        "contact 0.5, what is known of his address 0.5; 1 more with a frequency cap",
    ),
    Pattern("campaign.test", 3, 7, "campaign 0.5, segment and template 1 each, whose the address is 0.5; a job 7"),
    Pattern("campaign.report", 1, 0, "the campaign, and its sheets in one query, 0.5 each, however many got it"),
    Pattern("campaign.recipients", 3, 0, "campaign and 4 KB of shards 0.5 each; the mailings of four rows 0.5 each"),
    Pattern("due.campaign", 5, 12, "as campaign.launch, with what the process knows of the firm by then"),
    Pattern(
        "due.campaign_back",
        5.5,
        3,
        "what keeps it from being launched is read as in campaign.launch; who had it launched is told 0.5, 1; campaign "
        "read three times, written 1 + gsi1 1",
    ),
    Pattern("hook.delivered", 0.5, 3, "what it is proved by 0.5; each event of up to 1 KB: item 1 + gsi1 1 + gsi2 1"),
    Pattern("hook.mailgun", 0.5, 4, "as hook.delivered; its token, which is good for one body, 1"),
    Pattern("hook.refused", 0.5, 0, "what it is proved by; a wrong address is not looked up at all"),
    Pattern("feed.mail_delivered", 0.5, 4, "mailing 0.5; what is seen of it 2, the campaign's sheet 2"),
    Pattern("feed.mails_delivered", 20, 82, "as feed.mail_delivered, of forty in one transaction: the sheet once"),
    Pattern("feed.mail_opened", 0.5, 6, "as feed.mail_delivered; by a person: timeline entry 1 + gsi1 1"),
    Pattern("feed.mail_resolved", 1, 1, "an unknown mail was sent: its outcome 1; its shard looked at, consistent, 1"),
    Pattern("tracking.opened", 0.5, 3, "the mailing 0.5; the event as in hook.delivered; the rest is the feed's"),
    Pattern("tracking.clicked", 0.5, 3, "as tracking.opened; a link that is not ours nothing"),
    Pattern("mail_event.page", 3, 0, "25 events of 0.8 KB in one query 0.5 for each 4 KB; one mail of each run 0.5"),
    Pattern("mail_event.message", 2, 0, "three spellings of its id, a query each 0.5; one mail of the run 0.5"),
    Pattern("mail_event.replay", 0, 7, "as of any job"),
    Pattern("provider.get", 0.5, 0, "one item"),
    Pattern("provider.put", 1, 1, "what was set before, consistent 1; the item 1"),
    Pattern("provider.delete", 1, 1, "as provider.put"),
    Pattern("total.page", 0.5, 0, "all totals of a tenant lie together"),
)


def key(kind: str, /, **parts: str) -> tuple[str, str]:
    """The (pk, sk) of an item of this kind. Raises KeyError for a missing part."""
    shape = SHAPES[kind]
    return shape.pk.format(**parts), shape.sk.format(**parts)


def index(kind: str, name: str, /, **parts: str) -> tuple[str, str]:
    """The (pk, sk) of an item of this kind in the index `name`. Raises KeyError for a missing part."""
    pk, sk = SHAPES[kind].indexes[name]
    return pk.format(**parts), sk.format(**parts)


def partition(kind: str, name: str | None = None, /, **parts: str) -> str:
    """The partition to query: the table's own, or that of index `name`."""
    return (SHAPES[kind].indexes[name][0] if name else SHAPES[kind].pk).format(**parts)


def prefix(kind: str) -> str:
    """What the sort keys of this kind begin with inside a mixed collection, such as `TL#`."""
    return SHAPES[kind].sk.partition("{")[0]
