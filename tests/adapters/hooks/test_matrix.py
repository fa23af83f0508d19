"""Every type that a provider tells, signed as it signs, proved, and read into our one vocabulary."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.adapters import hooks
from chalicelib.schemas.mail_event import Event
from tests.adapters.hooks.samples import SAMPLES, Sample
from tests.adapters.hooks.signing import SIGN, verify


def cases(fits: Callable[[Sample], bool]) -> list[Any]:
    """(provider, sample) of the samples that fit."""
    return [
        pytest.param(provider, sample, id=f"{provider} {sample.name} {number}")
        for provider, samples in SAMPLES.items()
        for number, sample in enumerate(samples)
        if fits(sample)
    ]


def read(provider: str, sample: Sample) -> hooks.Parsed:
    request = SIGN[provider](sample.raw)
    verify(provider, request)
    return hooks.adapter(provider).parse(request.headers, request.body)


@pytest.mark.parametrize(("provider", "sample"), cases(lambda sample: sample.wanted is not None))
def test_it_is_what_the_table_says(provider: str, sample: Sample) -> None:
    assert sample.wanted is not None
    parsed = read(provider, sample)
    assert (parsed.bad, parsed.ignored, parsed.confirm) == ([], {}, None)
    (event,) = parsed.events
    assert {name: getattr(event, name) for name in sample.wanted} == sample.wanted
    assert event.provider == provider
    assert event.raw == sample.raw
    assert event.event_id
    assert (event.bounce is not None) == (event.type == "bounced")


@pytest.mark.parametrize(("provider", "sample"), cases(lambda sample: sample.wanted is None))
def test_what_is_left_out_is_counted(provider: str, sample: Sample) -> None:
    parsed = read(provider, sample)
    assert (parsed.events, parsed.bad) == ([], [])
    assert parsed.ignored == {sample.name: 1}


@pytest.mark.parametrize("provider", hooks.HOOKS)
def test_every_type_has_a_sample_and_every_sample_a_type(provider: str) -> None:
    module = hooks.adapter(provider)
    types, ignored = module.TYPES, module.IGNORED  # type: ignore[attr-defined]  # each provider's module has them
    shown = {sample.name: sample.wanted for sample in SAMPLES[provider]}
    assert {name for name, wanted in shown.items() if wanted} == set(types)
    assert {name for name, wanted in shown.items() if not wanted} == set(ignored)
    for name, wanted in shown.items():
        if wanted:
            assert (wanted["type"], wanted.get("bounce")) == types[name]


@pytest.mark.parametrize("provider", hooks.HOOKS)
def test_the_same_told_again_is_the_same_event(provider: str) -> None:
    for sample in SAMPLES[provider]:
        first, second = read(provider, sample), read(provider, copy.deepcopy(sample))
        assert first == second


@pytest.mark.parametrize("provider", sorted(set(hooks.HOOKS) - {"ses", "resend"}))  # whose id is that of the request
def test_without_an_id_of_theirs_other_events_have_other_ids(provider: str) -> None:
    """Type, address, time, message and link make one."""
    seen: dict[str, Event] = {}
    for sample in SAMPLES[provider]:
        for event in read(provider, Sample(sample.name, _without_ids(sample.raw), None)).events:
            assert seen.setdefault(event.event_id, event).type == event.type
    assert {event.type for event in seen.values()} == {
        sample.wanted["type"] for sample in SAMPLES[provider] if sample.wanted
    }


@pytest.mark.parametrize(("provider", "sample"), cases(lambda sample: bool((sample.wanted or {}).get("send"))))
def test_a_tag_that_is_not_ours_is_no_send_id(provider: str, sample: Sample) -> None:
    assert sample.wanted is not None
    raw = _replaced(sample.raw, sample.wanted["send"], f"{sample.wanted['send']}'; drop")
    assert raw != sample.raw
    (event,) = read(provider, Sample(sample.name, raw, None)).events
    assert event.send is None


def _without_ids(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    theirs = ("id", "ID", "sg_event_id", "event_id", "Uuid")
    return {key: None if key in theirs else _without_ids(inner) for key, inner in value.items()}


def _replaced(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(inner, old, new) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, old, new) for inner in value]
    return new if value == old else value
