"""What the cloud charges us: one dated table, from which every cost figure of the house is computed."""

from typing import Final

PRICED_ON: Final = "2025-06-01"  # list prices of us-east-1 on that day, in US dollars, free tiers not counted

PRICES: Final[dict[str, float]] = {
    "rru": 0.125e-6,  # DynamoDB on demand, one read request unit
    "wru": 0.625e-6,  # DynamoDB on demand, one write request unit
    "gb_s": 13.3334e-6,  # Lambda on arm64, one gigabyte-second
    "calls": 0.20e-6,  # Lambda, one invocation
    "http": 3.50e-6,  # API Gateway REST, one request
    "messages": 0.40e-6,  # SQS, one request
    "mails": 100e-6,  # SES, one mail
}


def usd(**amounts: float) -> float:
    """The price of so much of each thing in `PRICES`, in US dollars. Raises KeyError for a thing without a price."""
    return sum(PRICES[thing] * amount for thing, amount in amounts.items())
