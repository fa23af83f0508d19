"""Access patterns of what the change feed consumes for each change."""

from typing import Final

from chalicelib.models._pattern import Pattern

FEED: Final[tuple[Pattern, ...]] = (
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
    Pattern(
        "feed.outcome",
        4,
        10,
        "a deal is lost: what it contributed 1, twice; what is counted so far of all, its owner and its source, and "
        "the pipeline, 0.5 each; contribution 2, counts 2, owner 2, source 2, reason 2. A won one 2 less; a move 0",
    ),
    Pattern("feed.first_deal", 1.5, 2, "has the firm a moment 1, its time zone 0.5; moment 1 + due 1; once a week"),
    Pattern("feed.order_created", 3, 6, "entry 1 + gsi1 1; contribution read 1 and written 2, sheet 2; rules 2"),
    Pattern("feed.order_paid", 2, 1, "contribution read 1 and written 1; with the sheet 4, if that changes; rules 1"),
    Pattern(
        "feed.quote_declined",
        2.5,
        3,
        "deal, consistent 1; timeline entry 1 + gsi1 1; who is told 0.5, news 1; the firm's rules 1",
    ),
    Pattern(
        "feed.erased", 1.5, 5, "for each address: what is known 1; 1 + gsi1 1; events 0.5, each 1 + gsi1 1 + gsi2 1"
    ),
    Pattern("feed.mail_delivered", 0.5, 4, "mailing 0.5; what is seen of it 2, the campaign's sheet 2"),
    Pattern("feed.mails_delivered", 20, 82, "as feed.mail_delivered, of forty in one transaction: the sheet once"),
    Pattern("feed.mail_opened", 0.5, 6, "as feed.mail_delivered; by a person: timeline entry 1 + gsi1 1"),
    Pattern("feed.mail_resolved", 1, 1, "an unknown mail was sent: its outcome 1; its shard looked at, consistent, 1"),
)
