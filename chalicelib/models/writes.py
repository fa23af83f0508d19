"""Writing: one step alone, several in one transaction, or read, change and write until nobody interferes."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal, NamedTuple, TypeVar

from pynamodb.exceptions import DeleteError, PutError, TransactWriteError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.errors import CrmError, Stale, Unready
from chalicelib.models.table import Item, Record, is_conditional, is_conflict

R = TypeVar("R", bound=Record)


class Step(NamedTuple):
    """One write of a transaction. `refusal` makes what is raised if this step's condition is what failed."""

    do: Literal["check", "delete", "save", "update"]
    item: Item
    condition: Condition | None = None
    actions: Sequence[Action] = ()
    refusal: Callable[[], CrmError] | None = None

    def refuse(self) -> CrmError:
        """What is to be raised: by default that somebody else was faster."""
        return self.refusal() if self.refusal else Stale("The record was changed meanwhile.")


_ORDER = ("check", "delete", "save", "update")  # the order in which PynamoDB sends them, and so that of the reasons
_BATCH = 25  # writes of one BatchWriteItem, the most that DynamoDB takes
LIMIT = 100  # writes of one transaction, the most that DynamoDB takes
_gathering: ContextVar[list[Step] | None] = ContextVar("gathering", default=None)
_PATIENCE = 6  # tries while others write the same items
_PASSING = ("TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded")  # reasons that go away
_BUSY = "The table is too busy."
# Codes of single statements in a batch of them:
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchStatementError.html
_REFUSED = ("DuplicateItem", "ConditionalCheckFailed")
_BUSY_CODES = (
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
    "ThrottlingError",
    "TransactionConflict",
    "InternalServerError",
)


def absent() -> Condition:
    """The condition that no such item exists yet."""
    return Item.pk.does_not_exist()


def transact(*steps: Step) -> None:
    """All of the steps or none. A single step is a plain write at half the price.

    Raises the `refusal` of the step whose condition failed, `Stale` if it names none, and `Unready` if other
    transactions kept being at the same items: then no condition has failed, and nothing is known of them.
    """
    gathering = _gathering.get()
    if gathering is not None:
        gathering += steps
        return
    if len(steps) == 1 and steps[0].do != "check":
        _write(steps[0])
        return
    ordered = sorted(steps, key=lambda step: _ORDER.index(step.do))
    for attempt in range(_PATIENCE):
        try:
            _commit(ordered)
        except TransactWriteError as error:
            _refuse(ordered, error)
            if attempt + 1 == _PATIENCE:
                raise Unready(_BUSY) from error
            time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - jitter, not a secret
        else:
            return


@contextmanager
def gathered() -> Iterator[list[Step]]:
    """What `transact` is asked for meanwhile, and does not do: for those who do several things in one transaction."""
    steps: list[Step] = []
    token = _gathering.set(steps)
    try:
        yield steps
    finally:
        _gathering.reset(token)


def change(load: Callable[[bool], R], apply: Callable[[R], Sequence[Step]], expected: int | None) -> R:
    """Read, change, write; with `expected` only at that version, without it again until nobody interferes.

    `load(consistent)` reads; `apply(record)` edits it in place and says what to write, perhaps nothing. Raises
    `Stale`, and whatever the two raise.
    """
    for attempt in range(_PATIENCE):
        record = load(attempt > 0)
        if expected is not None and record.version != expected:
            record = load(True)
            if record.version != expected:
                raise Stale(f"The record is at version {record.version}, not {expected}.")
        try:
            steps = apply(record)
            if steps:
                transact(*steps)
        except Stale:
            if attempt + 1 == _PATIENCE:
                raise
        else:
            return record
    raise AssertionError("unreachable")


def put_all(puts: Sequence[Item], deletes: Sequence[Item] = ()) -> None:
    """Write and remove items on no condition, 25 to a request, each for the price of a plain write.

    Not one step: a call that fails has done some of them. Raises `Unready` if the table does not take them all.
    """
    name = Item.Meta.table_name
    requests: list[Any] = [{"DeleteRequest": {"Key": {"pk": {"S": one.pk}, "sk": {"S": one.sk}}}} for one in deletes]
    requests += [{"PutRequest": {"Item": one.serialize()}} for one in puts]
    for start in range(0, len(requests), _BATCH):
        _send(name, requests[start : start + _BATCH])


def insert_each(items: Sequence[Item]) -> list[bool]:
    """Write each item that is not there yet, 25 to a request, each for the price of a plain write, also a refused one.

    Whether each was written, in their order; an answer that was lost looks like a refusal. Not one step: a call that
    fails has written some. Raises `Unready` for those the table does not take.
    """
    statements = []
    for item in items:
        raw = item.serialize()
        # Names in quotation marks: many, like `at`, are words of the language.
        shape = ",".join(f"'{name}':?" for name in raw)
        statement = f'INSERT INTO "{Item.Meta.table_name}" VALUE {{{shape}}}'
        statements.append({"Statement": statement, "Parameters": list(raw.values())})
    return _executed(statements)


def set_each(items: Sequence[Item], attribute: str, unless_changed: str) -> list[bool]:
    """Set one attribute of each item if another one still is there as it is here: as `insert_each`."""
    statement = f'UPDATE "{Item.Meta.table_name}" SET "{attribute}"=? WHERE "pk"=? AND "sk"=? AND "{unless_changed}"=?'  # noqa: S608 - names of our own attributes
    wanted = (attribute, "pk", "sk", unless_changed)
    return _executed([{"Statement": statement, "Parameters": [_raw(one, name) for name in wanted]} for one in items])


def _raw(item: Item, name: str) -> dict[str, Any]:
    """One attribute as it is stored, without the work for all others."""
    attribute = item.get_attributes()[name]
    return {attribute.attr_type: attribute.serialize(getattr(item, name))}


def _executed(statements: Sequence[Any]) -> list[bool]:
    done: list[bool] = []
    for start in range(0, len(statements), _BATCH):
        done += _execute(statements[start : start + _BATCH])
    return done


def _execute(statements: Sequence[Any]) -> list[bool]:
    """One BatchExecuteStatement, repeated for those that the table was too busy for."""
    connection = Item._get_connection().connection
    done: dict[int, bool] = {}
    left = list(range(len(statements)))
    for attempt in range(_PATIENCE):
        if attempt:
            time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - jitter, not a secret
        answer = connection.dispatch("BatchExecuteStatement", {"Statements": [statements[one] for one in left]})
        codes = [one.get("Error", {}).get("Code") for one in answer["Responses"]]
        for position, code in zip(left, codes, strict=True):
            if code in (None, *_REFUSED):
                done[position] = code is None
            elif code not in _BUSY_CODES:
                raise RuntimeError(f"a statement failed: {code}")
        left = [position for position in left if position not in done]
        if not left:
            return [done[position] for position in range(len(statements))]
    raise Unready(_BUSY)


def _send(name: str, left: list[Any]) -> None:
    connection = Item._get_connection().connection
    for attempt in range(_PATIENCE):
        if attempt:
            time.sleep(0.02 * 2**attempt)
        answer = connection.dispatch("BatchWriteItem", {"RequestItems": {name: left}})
        left = answer.get("UnprocessedItems", {}).get(name, [])
        if not left:
            return
    raise Unready(_BUSY)


def _write(step: Step) -> None:
    try:
        if step.do == "save":
            step.item.save(step.condition)
        elif step.do == "delete":
            step.item.delete(step.condition)
        else:
            step.item.update(list(step.actions), step.condition)
    except (PutError, UpdateError, DeleteError) as error:
        if is_conditional(error):
            raise step.refuse() from None
        if is_conflict(error):
            raise Unready(_BUSY) from error
        raise


def _commit(ordered: Sequence[Step]) -> None:
    with TransactWrite(connection=Item._get_connection().connection) as writing:
        for step in ordered:
            if step.do == "check":
                writing.condition_check(type(step.item), step.item.pk, step.item.sk, step.condition)
            elif step.do == "delete":
                writing.delete(step.item, step.condition)
            elif step.do == "save":
                writing.save(step.item, step.condition)
            else:
                writing.update(step.item, list(step.actions), step.condition)


def _refuse(ordered: Sequence[Step], error: TransactWriteError) -> None:
    """Raise what a failed condition stands for; return if the transaction only met another one, or too much at once."""
    reasons = list(error.cancellation_reasons)
    for step, reason in zip(ordered, reasons, strict=False):
        if reason is not None and reason.code == "ConditionalCheckFailed":
            raise step.refuse() from None
    if not any(reason is not None and reason.code in _PASSING for reason in reasons):
        raise error
